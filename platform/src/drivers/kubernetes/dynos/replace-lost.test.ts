import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { Pod, ReplicaSet } from "../client/index.ts";
import { dynoLabels, dynoObjectName } from "./dyno-labels.ts";
import { makeDynoSet } from "./dyno-manifests.ts";
import { avoidedNodes } from "./lost-pods.ts";
import { LOST_FOR_MS } from "./node-silence.ts";
import { placement, pod, spec } from "./pod-fixtures.ts";
import { answers, startNodeCare } from "./replace-lost.ts";

/** Some dynos on nodes, and what a cluster makes of the writes. */
function openNodes(where: Readonly<Record<string, string>>) {
  const pods = new Map<string, Pod>();
  const sets = new Map<string, ReplicaSet>();
  const silent = new Set<string>();
  const log: string[] = [];
  const asked: string[] = [];
  const refused = { times: 0 };
  const gone = { through: 0 };
  let state = 0;
  const nodeOf = new Map<string, string>();
  for (const [i, [id, node]] of Object.entries(where).entries()) {
    const title = { ...spec(), id };
    const { env: _env, duty: _duty, ...body } = title;
    const made = pod({ state: { running: {} } });
    const host = `198.18.0.${i}`;
    nodeOf.set(host, node);
    pods.set(`pod-${id}`, {
      ...made,
      metadata: { ...made.metadata, name: `pod-${id}`, labels: dynoLabels(title, "formation") },
      spec: { nodeName: node },
      status: { ...made.status, podIP: host },
    });
    sets.set(dynoObjectName(id), makeDynoSet(body, title, placement, "uid"));
  }
  const care = () =>
    startNodeCare({
      space: {
        allPods: () => {
          gone.through += 1;
          return pods.values();
        },
        allSets: () => sets.values(),
        state: () => state,
      },
      writer: {
        patchSet: async (name, patch) => {
          const set = sets.get(name);
          if (!set) throw new Error(`no set ${name}`);
          const { spec: change } = patch as { spec: { template: { spec: { affinity: unknown } } } };
          const template = { spec: { affinity: change.template.spec.affinity ?? undefined } };
          sets.set(name, { ...set, spec: { ...set.spec, template } });
          state += 1;
          log.push(`${name} avoids ${[...avoidedNodes({ spec: { template } })].join() || "nothing"}`);
        },
        remove: async (_kind, name) => {
          if (refused.times > 0) {
            refused.times -= 1;
            throw new Error("429 too many requests");
          }
          // A node that is lost does not let it go.
          const leaving = pods.get(name);
          if (leaving)
            pods.set(name, { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: "now" } });
          state += 1;
          log.push(`${name} goes`);
        },
      },
      logger: silentLogger,
      ask: async ({ host }) => {
        asked.push(host);
        return !silent.has(nodeOf.get(host) ?? "") && !silent.has(host);
      },
    });
  const letGo = (node: string) => {
    for (const [name, { spec: placed }] of [...pods]) if (placed.nodeName === node) pods.delete(name);
    state += 1;
  };
  return { care, silent, log, asked, refused, gone, letGo };
}

const DYNOS = { one: "a", two: "b", three: "b", four: "c" };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

describe("care for nodes", () => {
  test("asks one pod of a node, and others when it was silent: then the node is not lost", async () => {
    const { care, silent, log, asked } = openNodes(DYNOS);
    const caring = care();
    const acting = caring.act();
    await seconds(1);
    const [ofA, ofB, otherOfB, ofC] = ["198.18.0.0", "198.18.0.1", "198.18.0.2", "198.18.0.3"] as const;
    expect(new Set(asked)).toEqual(new Set([ofA, ofB, ofC]));
    silent.add(ofB);
    await seconds(20);
    expect(new Set(asked)).toContain(otherOfB);
    expect(log).toEqual([]);
    await acting.stop();
    await caring.stop();
  });

  test("starts the dynos of a lost node elsewhere, and theirs only", async () => {
    const { care, silent, log } = openNodes(DYNOS);
    const caring = care();
    const acting = caring.act();
    await seconds(3);
    silent.add("b");
    await seconds(4);
    expect(log).toEqual([]);
    await seconds(2);
    expect(log.toSorted()).toEqual([
      "dyno-three avoids b",
      "dyno-two avoids b",
      "pod-three goes",
      "pod-two goes",
    ]);
    await acting.stop();
    await caring.stop();
  });

  test("goes through what there is once for each of its states, however often it looks", async () => {
    const { care, asked, gone, letGo } = openNodes(DYNOS);
    const caring = care();
    caring.act();
    await seconds(1);
    const before = { gone: gone.through, asked: asked.length };
    await seconds(10);
    expect(gone.through).toBe(before.gone);
    expect(asked.length).toBeGreaterThan(before.asked);
    letGo("b");
    await seconds(1);
    expect(gone.through).toBeGreaterThan(before.gone);
    await caring.stop();
  });

  test("first says where not to go, then what goes", async () => {
    const { care, silent, log } = openNodes({ one: "a", two: "b" });
    const caring = care();
    caring.act();
    await seconds(1);
    silent.add("b");
    await seconds(7);
    expect(log).toEqual(["dyno-two avoids b", "pod-two goes"]);
    await caring.stop();
  });

  test("takes it back after a while, when the cluster knows itself", async () => {
    const { care, silent, log } = openNodes(DYNOS);
    const caring = care();
    caring.act();
    await seconds(1);
    silent.add("b");
    await seconds(7);
    log.length = 0;
    await vi.advanceTimersByTimeAsync(LOST_FOR_MS);
    expect(log.toSorted()).toEqual(["dyno-three avoids nothing", "dyno-two avoids nothing"]);
    await caring.stop();
  });

  test("takes it back at once when the node is back and has let its pods go", async () => {
    const { care, silent, log, letGo } = openNodes(DYNOS);
    const caring = care();
    caring.act();
    await seconds(1);
    silent.add("b");
    await seconds(7);
    log.length = 0;
    await seconds(5);
    expect(log).toEqual([]);
    letGo("b");
    await seconds(1);
    expect(log.toSorted()).toEqual(["dyno-three avoids nothing", "dyno-two avoids nothing"]);
    await caring.stop();
  });

  test("one that only looks does nothing, and knows all when it is its turn", async () => {
    const { care, silent, log } = openNodes(DYNOS);
    const caring = care();
    await seconds(1);
    silent.add("b");
    await seconds(20);
    expect(log).toEqual([]);
    caring.act();
    await seconds(1);
    expect(log).toHaveLength(4);
    await caring.stop();
  });

  test("one whose turn is over does nothing more", async () => {
    const { care, silent, log } = openNodes(DYNOS);
    const caring = care();
    await caring.act().stop();
    await seconds(1);
    silent.add("b");
    await seconds(20);
    expect(log).toEqual([]);
    await caring.stop();
  });

  test("tries again what the cluster refused", async () => {
    const { care, silent, log, refused } = openNodes(DYNOS);
    const caring = care();
    caring.act();
    await seconds(1);
    refused.times = 5;
    silent.add("b");
    await seconds(20);
    expect(log.filter((line) => line.endsWith("goes"))).toHaveLength(2);
    await caring.stop();
  });

  test("does nothing when it is cut off itself", async () => {
    const { care, silent, log } = openNodes(DYNOS);
    const caring = care();
    caring.act();
    await seconds(1);
    for (const node of ["a", "b", "c"]) silent.add(node);
    await seconds(30);
    expect(log).toEqual([]);
    await caring.stop();
  });
});

describe("whether anybody is there", () => {
  beforeEach(() => void vi.useRealTimers());

  test("who takes a connection, and who refuses one", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await answers({ host: "127.0.0.1", port })).toBe(true);
    server.close();
    await once(server, "close");
    expect(await answers({ host: "127.0.0.1", port })).toBe(true);
  });

  test("not an address that no connection leads to", async () => {
    expect(await answers({ host: "255.255.255.255", port: 20_000 })).toBe(false);
  });
});
