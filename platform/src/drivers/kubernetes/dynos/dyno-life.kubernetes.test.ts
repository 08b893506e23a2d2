import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EndpointNews } from "../../../edge/route/index.ts";
import { StaleClaim } from "../../../kernel/index.ts";
import { DynoFollower, readAll, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import {
  type ConfigMap,
  KIND,
  type KubeClient,
  type Pod,
  type ReplicaSet,
  type Secret,
} from "../client/index.ts";
import { BEHAVIORS, openTestCluster, shell, type TestCluster, type TestSpace } from "./cluster-fixtures.ts";
import { dynoObjectName, recordName } from "./dyno-labels.ts";
import type { KubernetesDynoHost } from "./kubernetes-dyno-host.ts";

let cluster: TestCluster;
let space: TestSpace;
let host: KubernetesDynoHost;
let seen: DynoFollower;
const more: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  cluster = await openTestCluster();
});
afterAll(() => cluster?.close());
beforeEach(async () => {
  space = cluster.openSpace();
  host = await space.startHost();
  seen = new DynoFollower(host.dynos);
});
afterEach(async () => {
  await seen.close();
  for (const other of more.splice(0)) await other.stop();
  await host.stop();
  await space.close();
});

const programs = { program: (behavior: keyof typeof BEHAVIORS) => BEHAVIORS[behavior] };
const web = (change: Partial<DynoSpec> = {}) => suiteSpec(programs, "serves", change);
const worker = (line: string, change: Partial<DynoSpec> = {}) =>
  suiteSpec(programs, "works", { name: "worker.1", type: "worker", duty: "work", ...shell(line), ...change });
const run = (line: string, change: Partial<DynoSpec> = {}) =>
  worker(line, { name: "run.1", type: "run", ...change });

function apply(dynos: readonly DynoSpec[], number = 1, on = host): Promise<void> {
  return on.dynos.apply({ appId: web().appId, dynos }, { subject: "formation", number });
}

async function another(client?: KubeClient): Promise<KubernetesDynoHost> {
  const other = await space.startHost(client);
  more.push(other);
  return other;
}

function follow(on: KubernetesDynoHost): DynoFollower {
  const follower = new DynoFollower(on.dynos);
  more.push({ stop: () => follower.close() });
  return follower;
}

const place = (kind: (typeof KIND)[keyof typeof KIND]) => ({ kind, namespace: space.namespace });

/** Looks again until the condition holds. */
async function eventually<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    if (Date.now() > deadline) throw new Error(`it stayed ${JSON.stringify(found)}`);
    await wait(50);
  }
}

/** Lines of an end come after the process's last output, which is on its way when the end is known. */
async function logIs(lines: () => readonly string[], wanted: readonly string[]): Promise<void> {
  await expect.poll(lines, { timeout: 20_000 }).toEqual(wanted);
}

async function podOf(id: string): Promise<Pod> {
  const { items } = await cluster.client.list<Pod>(place(KIND.pod), {
    labelSelector: `conifer.dev/dyno=${id}`,
  });
  const pod = items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (!pod) throw new Error(`no pod of ${id}`);
  return pod;
}

describe("the app's log", () => {
  test("tells a web dyno's life in the words of every engine", async () => {
    const dyno = web({ displayCommand: "npm start" });
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    await apply([]);
    await seen.until(dyno.id, "complete");
    await logIs(
      () => space.log(),
      [
        "heroku[web.1]: Starting process with command `npm start`",
        "heroku[web.1]: State changed from starting to up",
        "heroku[web.1]: State changed from up to down",
        "heroku[web.1]: Stopping all processes with SIGTERM",
        "heroku[web.1]: Process exited with status 143",
      ],
    );
  });

  test("tells crashes, also such that were over before anybody looked, and what the process wrote", async () => {
    const dyno = worker("echo out; echo err >&2; exit 7");
    await apply([dyno]);
    const written = (text: string) => space.log().filter((line) => line === `app[worker.1]: ${text}`).length;
    await eventually(
      async () => [written("out"), written("err")],
      ([out = 0, err = 0]) => out >= 2 && err >= 2,
    );
    const said = (isState: boolean) =>
      space.log().filter((line) => line.startsWith("heroku") && line.includes("State changed") === isState);
    const run = [
      `heroku[worker.1]: Starting process with command \`${dyno.displayCommand}\``,
      "heroku[worker.1]: Process exited with status 7",
    ];
    await logIs(() => said(false).slice(0, 4), [...run, ...run]);
    // Whether it was up in between depends on who looked when.
    const changes = () => said(true).flatMap((line) => / to (crashed|starting)$/.exec(line)?.[1] ?? []);
    await logIs(() => changes().slice(0, 3), ["crashed", "starting", "crashed"]);
  });

  test("tells of memory", async () => {
    const limits = { memoryBytes: 8 * 1024 * 1024, cpuShare: 1, pids: 16 };
    const dyno = worker("exec dd if=/dev/zero of=/dev/null bs=64M", { limits });
    await apply([dyno]);
    const { state } = await seen.until(dyno.id, "crashed");
    expect(state).toMatchObject({ reason: "memory", exitCode: 137 });
    await eventually(
      async () => space.log(),
      (lines) => lines.includes("heroku[worker.1]: Error R15 (Memory quota vastly exceeded)"),
    );
  });

  test("tells of a dyno that does not end in time", async () => {
    const dyno = suiteSpec(programs, "ignores-term", { stopSeconds: 1 });
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    await apply([]);
    await seen.until(dyno.id, "complete");
    await logIs(
      () => space.log().slice(-4),
      [
        "heroku[web.1]: Stopping all processes with SIGTERM",
        "heroku[web.1]: Error R12 (Exit timeout) -> At least one process failed to exit within 1 seconds of SIGTERM",
        "heroku[web.1]: Stopping remaining processes with SIGKILL",
        "heroku[web.1]: Process exited with status 137",
      ],
    );
  });

  test("loses and repeats no line when the reading breaks off again and again", async () => {
    await host.stop();
    let cuts = 0;
    const cutting: KubeClient = {
      ...cluster.client,
      stream: async (path, query, signal) => {
        if (!path.endsWith("/log") || cuts >= 5) return await cluster.client.stream(path, query, signal);
        cuts++;
        return await cluster.client.stream(path, query, AbortSignal.any([signal, AbortSignal.timeout(150)]));
      },
    };
    host = await space.startHost(cutting);
    const dyno = run("for i in $(seq 200); do echo $i; [ $((i % 8)) = 0 ] && sleep 0.1; done; true");
    await host.dynos.run(dyno, { attach: false });
    const written = () => space.lines.filter(({ source }) => source === "app").map(({ message }) => message);
    await eventually(
      async () => written().length,
      (count) => count >= 200,
    );
    expect(cuts).toBeGreaterThan(2);
    expect(written()).toEqual(Array.from({ length: 200 }, (_, i) => String(i + 1)));
  });

  test("says nothing of what a driver finds when it starts", async () => {
    const dyno = web();
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    await eventually(
      async () => (await podOf(dyno.id)).status?.containerStatuses?.[0]?.started,
      (started) => started === true,
    );
    const lines = space.lines.length;
    const found = follow(await another());
    await found.until(dyno.id, "up");
    expect(space.lines.length).toBe(lines);
  });
});

describe("a dyno", () => {
  test("has no way to more rights, no account, and only its own environment", async () => {
    const line =
      "env | grep -v -e ^PATH= -e ^HOSTNAME= -e ^HOME= -e ^PWD= -e ^SHLVL= -e ^KUBERNETES_ | sort; " +
      "grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/self/status; ls /var/run/secrets 2>&1; echo done";
    const dyno = run(
      line.replaceAll("grep", "busybox grep").replace("sort", "busybox sort").replace("ls ", "busybox ls "),
      {
        env: { GREETING: "two\nlines $(DYNO) $$", EMPTY: "" },
      },
    );
    await host.dynos.run(dyno, { attach: false });
    await eventually(
      async () => space.log(),
      (log) => log.includes("app[run.1]: done"),
    );
    const said = space.lines.filter(({ source }) => source === "app").map(({ message }) => message);
    expect(said).toEqual([
      "DYNO=run.1",
      "EMPTY=",
      "GREETING=two",
      expect.stringMatching(/^PORT=\d+$/),
      "lines $(DYNO) $$",
      "Uid:\t1000\t1000\t1000\t1000",
      "CapEff:\t0000000000000000",
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
      expect.stringContaining("No such file"),
      "done",
    ]);
  });

  test("that cannot have its image has crashed, and the log says why", async () => {
    const broken = { ...cluster.client };
    await host.stop();
    host = await space.startHost(broken, () => `${cluster.imageRef.slice(0, -64)}${"0".repeat(64)}`);
    const watch = follow(host);
    const dyno = web();
    await apply([dyno]);
    const stateNow = () => watch.seen.get(dyno.id)?.state;
    await expect.poll(stateNow, { timeout: 60_000 }).toMatchObject({ kind: "crashed", reason: "image" });
    expect(watch.statesOf(dyno.id)).toContain("starting");
    expect(space.log().join("\n")).toMatch(/Error R99 \(Platform error\) -> .*not found/);
  });

  test("gets its new name when its process is started again", async () => {
    const dyno = worker('echo "I am $DYNO"; exec sleep 60');
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    await apply([{ ...dyno, name: "worker.2", releaseVersion: 9 }]);
    await eventually(
      async () => (await podOf(dyno.id)).metadata.annotations?.["conifer.dev/name"],
      (name) => name === "worker.2",
    );
    const pod = await podOf(dyno.id);
    expect(pod.metadata.labels?.["conifer.dev/release"]).toBe("v9");
    expect(pod.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    await host.dynos.restart(dyno.id);
    await eventually(
      async () => space.log(),
      (log) => log.includes("app[worker.2]: I am worker.2"),
    );
  });
});

describe("a one-off dyno", () => {
  test("has a terminal of the client's size and gives back its bytes unchanged", async () => {
    const dyno = run('sleep 0.2; stty size; read -r line; echo "<$line>"; exit 4');
    await host.dynos.run(dyno, { attach: true, terminal: { columns: 133, rows: 41 } });
    const client = await host.dynos.attach(dyno.id);
    client.once("data", () => client.write("grüße\r"));
    expect((await readAll(client)).replaceAll("\r", "")).toBe("41 133\ngrüße\n<grüße>\n");
    expect((await seen.until(dyno.id, "complete")).state.exitCode).toBe(4);
  });

  test("loses nothing of a large output to a slow reader", async () => {
    const dyno = run("exec dd if=/dev/zero bs=65536 count=64");
    await host.dynos.run(dyno, { attach: true });
    const client = await host.dynos.attach(dyno.id);
    let bytes = 0;
    for await (const chunk of client as AsyncIterable<Buffer>) {
      bytes += chunk.filter((byte) => byte === 0).length;
      await wait(1);
    }
    expect(bytes).toBe(64 * 65_536);
  });

  test("asked for twice runs once", async () => {
    const dyno = run("echo once; exec sleep 60");
    await Promise.all([host.dynos.run(dyno, { attach: false }), host.dynos.run(dyno, { attach: false })]);
    await seen.until(dyno.id, "up");
    const { items } = await cluster.client.list<Pod>(place(KIND.pod), {});
    expect(items).toHaveLength(1);
  });
});

describe("two drivers on one cluster", () => {
  test("an older claim is refused by both, whichever heard the newer one", async () => {
    const other = await another();
    const dyno = web();
    await apply([dyno], 7);
    await expect(apply([], 6, other)).rejects.toThrow(StaleClaim);
    await apply([dyno], 8, other);
    await expect(apply([], 7)).rejects.toThrow(StaleClaim);
    await seen.until(dyno.id, "up");
  });

  test("of many claimants at once the last one holds", async () => {
    const other = await another();
    const dynos = Array.from({ length: 6 }, (_, i) => worker("exec sleep 60", { name: `worker.${i}` }));
    await Promise.allSettled(dynos.map((dyno, i) => apply([dyno], i + 1, i % 2 ? host : other)));
    await seen.until(dynos[5]?.id ?? "", "up");
    const { items } = await eventually(
      () => cluster.client.list<ReplicaSet>(place(KIND.replicaSet), {}),
      ({ items: sets }) => sets.length === 1,
    );
    expect(items[0]?.metadata.name).toBe(dynoObjectName(dynos[5]?.id ?? ""));
  });

  test("both tell the router the same endpoints, which change in one step", async () => {
    const other = await another();
    const stop = new AbortController();
    const told: EndpointNews[] = [];
    const watching = (async () => {
      for await (const news of other.endpoints.watch(stop.signal)) told.push(news);
    })();
    const [old, next] = [web(), web({ duty: "stand-by", releaseVersion: 4 })];
    await apply([old, next]);
    await seen.until(old.id, "up");
    await seen.until(next.id, "up");
    const upOf = (id: string) => (news: EndpointNews | undefined) =>
      news?.kind === "app" && news.endpoints.some(({ dynoId, state }) => dynoId === id && state === "up");
    await eventually(async () => told.at(-1), upOf(old.id));
    const before = told.length;
    await apply([
      { ...old, duty: "warm" },
      { ...next, duty: "serve" },
    ]);
    await eventually(async () => told.at(-1), upOf(next.id));
    expect(told.slice(before)).toHaveLength(1);
    stop.abort();
    await watching;
  });
});

describe("while every Conifer process is down", () => {
  test("a dyno that ends is started again, and a pod that is deleted comes back", async () => {
    const [dyno, other] = [worker("sleep 2; exit 1"), web()];
    await apply([dyno, other]);
    await seen.until(other.id, "up");
    const first = (await podOf(other.id)).metadata.uid;
    await seen.close();
    await host.stop();
    await cluster.client.remove(place(KIND.pod), (await podOf(other.id)).metadata.name);
    await eventually(
      async () => (await podOf(dyno.id)).status?.containerStatuses?.[0]?.restartCount ?? 0,
      (count) => count >= 1,
    );
    await eventually(
      async () => {
        const { metadata, status } = await podOf(other.id);
        return { uid: metadata.uid, ready: status?.containerStatuses?.[0]?.started };
      },
      ({ uid, ready }) => uid !== first && ready === true,
    );
    host = await space.startHost();
    seen = new DynoFollower(host.dynos);
    expect((await seen.until(other.id, "up")).state.address).toBeDefined();
  });
});

describe("what somebody does by hand", () => {
  test.each(["delete", "scale", "change"])("is put right: %s the set", async (how) => {
    const dyno = web();
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    const name = dynoObjectName(dyno.id);
    const sets = place(KIND.replicaSet);
    const before = await cluster.client.get<ReplicaSet>(sets, name);
    if (how === "delete") await cluster.client.remove(sets, name);
    if (how === "scale") await cluster.client.merge(sets, name, { spec: { replicas: 0 } });
    if (how === "change") {
      const containers = [{ name: "dyno", image: "elsewhere.test/evil:1" }];
      await cluster.client.merge(sets, name, { spec: { template: { spec: { containers } } } });
    }
    await eventually(
      () => cluster.client.get<ReplicaSet>(sets, name).catch(() => undefined),
      (set) => {
        const spec = set?.spec as {
          replicas?: number;
          template?: { spec: { containers: { image: string }[] } };
        };
        const changed = set?.metadata.resourceVersion !== before.metadata.resourceVersion;
        return (
          changed && spec?.replicas === 1 && spec.template?.spec.containers[0]?.image === cluster.imageRef
        );
      },
    );
    await seen.until(dyno.id, "up");
  });

  test("is put right: remove a dyno's Secret, and it is back before a process misses it", async () => {
    const dyno = worker('echo "$WORD"; exec sleep 60', { env: { WORD: "treasure" } });
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    const name = dynoObjectName(dyno.id);
    const secrets = place(KIND.secret);
    const { uid } = (await cluster.client.get<Secret>(secrets, name)).metadata;
    await cluster.client.remove(secrets, name);
    const again = await eventually(
      () => cluster.client.get<Secret>(secrets, name).catch(() => undefined),
      (secret) => secret !== undefined && secret.metadata.uid !== uid,
    );
    expect(again?.data).toMatchObject({ WORD: Buffer.from("treasure").toString("base64") });
    await eventually(
      () => cluster.client.get<ReplicaSet>(place(KIND.replicaSet), name).catch(() => undefined),
      (set) => set?.metadata.ownerReferences?.length === 1 && set.metadata.ownerReferences[0]?.uid !== uid,
    );
    await host.dynos.restart(dyno.id);
    await eventually(
      async () => space.log().filter((line) => line === "app[worker.1]: treasure").length,
      (count) => count >= 2,
    );
  });

  test("is put right: change a dyno's config in the cluster", async () => {
    const dyno = worker("exec sleep 60", { env: { WORD: "treasure" } });
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    const name = dynoObjectName(dyno.id);
    await cluster.client.merge(place(KIND.secret), name, { data: { WORD: "ZXZpbA==" } });
    await eventually(
      () => cluster.client.get<Secret>(place(KIND.secret), name),
      ({ data }) => data?.WORD === Buffer.from("treasure").toString("base64"),
    );
  });

  test("is put right: remove the record, and the claim is remembered", async () => {
    const dyno = web();
    await apply([dyno], 5);
    await seen.until(dyno.id, "up");
    const name = recordName(dyno.appId);
    await cluster.client.remove(place(KIND.configMap), name);
    await eventually(
      () => cluster.client.get<ConfigMap>(place(KIND.configMap), name).catch(() => undefined),
      (found) => found !== undefined,
    );
    await expect(apply([], 4)).rejects.toThrow(StaleClaim);
    expect(seen.seen.get(dyno.id)?.state.kind).toBe("up");
  });

  test("objects that are not ours are left alone, and the refusal names them", async () => {
    const dyno = web({ appId: randomUUID() });
    const name = recordName(dyno.appId);
    const foreign = {
      ...{ apiVersion: "v1", kind: "ConfigMap", data: { mine: "yes" } },
      metadata: { name, namespace: space.namespace },
    };
    await cluster.client.create(foreign);
    const claim = { subject: "formation", number: 1 };
    await expect(host.dynos.apply({ appId: dyno.appId, dynos: [dyno] }, claim)).rejects.toThrow(
      `ConfigMap ${name} that is not Conifer's`,
    );
    expect((await cluster.client.get<ConfigMap>(place(KIND.configMap), name)).data).toEqual({ mine: "yes" });
  });

  test("nothing is written when nothing has changed", async () => {
    const dyno = web();
    await apply([dyno]);
    await seen.until(dyno.id, "up");
    const versions = async () => {
      const kinds = [KIND.configMap, KIND.secret, KIND.replicaSet];
      const lists = await Promise.all(
        kinds.map((kind) =>
          cluster.client.list(place(kind), { labelSelector: "app.kubernetes.io/managed-by=conifer" }),
        ),
      );
      return lists.flatMap(({ items }) =>
        items.map(({ kind, metadata }) => [
          kind,
          (metadata as { generation?: number }).generation,
          kind === "ReplicaSet" ? "" : metadata.resourceVersion,
        ]),
      );
    };
    const before = await versions();
    for (let n = 0; n < 5; n++) await apply([dyno]);
    await wait(500);
    expect(await versions()).toEqual(before);
  });
});
