import { afterEach, describe, expect, test } from "vitest";
import {
  type Script,
  type ScriptedAnswer,
  type ScriptedApi,
  type SeenCall,
  scriptApi,
} from "./cluster-api-fixtures.ts";
import { scaleNodes, simulateNodes } from "./simulate-nodes.ts";
import { SIMULATED_NODE, simulatedName } from "./simulated-objects.ts";
import { testClusterName } from "./test-clusters.ts";

/** A name that no cluster of this machine has. */
const NAME = testClusterName(process.pid);
let server: ScriptedApi | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface World {
  readonly nodes: Set<string>;
  /** Pods as `namespace/name`, and where each is; undefined for one that waits. */
  readonly pods: Map<string, string | undefined>;
  readonly closed: Set<string>;
}

/** Keeps nodes and pods as an API server does, as far as they are asked about here. */
function answer(world: World, { method, path }: SeenCall): ScriptedAnswer {
  const url = new URL(path, "https://api.test");
  const [, node] = /^\/api\/v1\/nodes\/([^/]+)$/.exec(url.pathname) ?? [];
  const [, namespace, pod] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/.exec(url.pathname) ?? [];
  if (url.pathname === "/api/v1/nodes") {
    expect(url.searchParams.get("labelSelector")).toBe(`${SIMULATED_NODE}=true`);
    return { body: { items: [...world.nodes].map((name) => ({ metadata: { name } })) } };
  }
  if (url.pathname === "/api/v1/pods") {
    const items = [...world.pods].map(([key, nodeName]) => {
      const [space, name] = key.split("/");
      return { metadata: { name, namespace: space }, spec: { nodeName } };
    });
    return { body: { items } };
  }
  if (node !== undefined && world.nodes.has(node)) {
    if (method === "PATCH") world.closed.add(node);
    else world.nodes.delete(node);
    return { body: {} };
  }
  if (pod !== undefined && world.pods.delete(`${namespace}/${pod}`)) return { body: {} };
  return undefined;
}

const worldOf = (nodes: number, pods: readonly [string, string | undefined][] = []): World => ({
  nodes: new Set(Array.from({ length: nodes }, (_, at) => simulatedName(at + 1))),
  pods: new Map(pods),
  closed: new Set(),
});

async function scaleToNone(world: World, own: Script = () => undefined) {
  server = await scriptApi((call) => own(call) ?? answer(world, call), { name: NAME });
  await simulateNodes(server, 0, () => {});
  return server;
}

describe("having no simulated nodes any more", () => {
  test("deletes each node after it was closed, and the pods that were on it", async () => {
    const world = worldOf(40, [
      ["default/a", simulatedName(1)],
      ["team/b", simulatedName(40)],
      ["default/real", "node1"],
      ["default/waiting", undefined],
    ]);
    const { calls } = await scaleToNone(world);
    expect(world.nodes.size).toBe(0);
    expect(world.closed.size).toBe(40);
    expect([...world.pods.keys()]).toEqual(["default/real", "default/waiting"]);
    const last = calls.findLastIndex(({ method }) => method === "PATCH");
    const first = calls.findIndex(({ method }) => method === "DELETE");
    expect(last).toBeLessThan(first);
    const pods = calls.filter(({ method, path }) => method === "DELETE" && path.includes("/pods/"));
    expect(pods.every(({ path }) => path.endsWith("?gracePeriodSeconds=0"))).toBe(true);
  });

  test("where there are none changes nothing", async () => {
    const { calls } = await scaleToNone(worldOf(0, [["default/a", "node1"]]));
    expect(new Set(calls.map(({ method }) => method))).toEqual(new Set(["GET"]));
  });

  test("looks again for a pod that was sent there meanwhile", async () => {
    const world = worldOf(1, [["default/early", simulatedName(1)]]);
    let late = false;
    await scaleToNone(world, ({ method, path }) => {
      if (method === "DELETE" && path.includes("/pods/early") && !late) {
        late = true;
        world.pods.set("default/late", simulatedName(1));
      }
      return undefined;
    });
    expect(world.pods.size).toBe(0);
  });

  test("is content with what somebody else deleted first", async () => {
    const world = worldOf(3, [["default/a", simulatedName(2)]]);
    await scaleToNone(world, ({ method, path }) => {
      if (method === "PATCH" && path.endsWith(simulatedName(2))) world.nodes.delete(simulatedName(2));
      if (method === "DELETE" && path.includes("/pods/a")) world.pods.clear();
      return undefined;
    });
    expect([world.nodes.size, world.pods.size]).toEqual([0, 0]);
  });

  test("ends with the first failure that is another", async () => {
    const world = worldOf(2);
    const refuse = ({ method }: SeenCall) =>
      method === "PATCH" ? { status: 403, body: { message: "not allowed" } } : undefined;
    await expect(scaleToNone(world, refuse)).rejects.toThrow("403 not allowed");
    expect(world.nodes.size).toBe(2);
  });

  test("holds few connections, however many nodes there are", async () => {
    const api = await scaleToNone(worldOf(100));
    expect(api.calls.length).toBeGreaterThan(200);
    expect(api.connections()).toBeLessThanOrEqual(16);
  });
});

test("a cluster that is not up has none, and is told how to come up", async () => {
  const said: string[] = [];
  const scaling = scaleNodes(NAME, 3, (line) => said.push(line));
  await expect(scaling).rejects.toThrow(`\`npm run cluster -- --name ${NAME} up\` starts it.`);
  expect(said).toEqual([]);
});
