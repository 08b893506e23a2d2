import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeLogClient, makeStreamClient } from "../drivers/embedded/logs/index.ts";
import {
  BEHAVIORS,
  openTestCluster,
  shell,
  type TestCluster,
  type TestSpace,
} from "../drivers/kubernetes/dynos/cluster-fixtures.ts";
import { type KubernetesDynoHost, startKubernetesDynoHost } from "../drivers/kubernetes/dynos/index.ts";
import { type Running, silentLogger, systemClock } from "../kernel/index.ts";
import { suiteSpec } from "../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../runtime/dyno/index.ts";
import { nodesOfCluster, startTestAgent, startTestLogRole, type TestLogRole } from "./agent-fixtures.ts";

const { KUBECONFIG = "", CONIFER_CLUSTER } = process.env;

/** The files of nodes can be reached on the development cluster only. */
describe.skipIf(!CONIFER_CLUSTER)("agents on the nodes of a cluster", () => {
  let cluster: TestCluster;
  let space: TestSpace;
  let logs: TestLogRole;
  let sink: ReturnType<typeof makeLogClient>["sink"];
  let host: KubernetesDynoHost;
  const agents: Running[] = [];

  beforeAll(async () => {
    cluster = await openTestCluster();
  });
  afterAll(() => cluster?.close());
  beforeEach(async () => {
    space = cluster.openSpace();
    logs = await startTestLogRole();
    sink = makeLogClient({ peer: logs.peer, now: systemClock, logger: silentLogger }).sink;
    host = await startKubernetesDynoHost({
      client: cluster.client,
      placement: space.placement,
      fence: { routerRanges: ["0.0.0.0/0"] },
      logs: sink,
      outputTold: makeStreamClient(logs.peer).ended,
      logger: silentLogger,
      now: systemClock,
    });
    await startAgents();
  });
  afterEach(async () => {
    await stopAgents();
    await host.stop();
    await sink.stop();
    await logs.stop();
    await space.close();
  });

  const startAgents = async () => {
    for (const { node, podLogs } of nodesOfCluster(KUBECONFIG))
      agents.push(
        await startTestAgent({
          ...{ client: cluster.client, namespace: space.namespace, node, podLogs, peer: logs.peer },
          state: join(logs.folder, `state-${node}`),
        }),
      );
  };
  const stopAgents = async () => {
    for (const agent of agents.splice(0)) await agent.stop();
  };
  const programs = { program: (behavior: keyof typeof BEHAVIORS) => BEHAVIORS[behavior] };
  const worker = (line: string, change: Partial<DynoSpec> = {}) =>
    suiteSpec(programs, "works", {
      ...{ name: "worker.1", type: "worker", duty: "work" },
      ...shell(line),
      ...change,
    });
  const { appId } = worker("true");
  const apply = (dynos: readonly DynoSpec[], number = 1) =>
    host.dynos.apply({ appId, dynos }, { subject: "formation", number });
  const log = async (process?: string) =>
    (await logs.read(appId)).filter((line) => process === undefined || line.includes(`[${process}]: `));
  const logHas = (wanted: string) => expect.poll(() => log(), { timeout: 30_000 }).toContain(wanted);

  /** Whether a dyno of the test's has written the line. */
  const isInNodesFiles = (text: string) =>
    nodesOfCluster(KUBECONFIG).some(({ podLogs }) =>
      readdirSync(podLogs, { recursive: true, encoding: "utf8" })
        .filter((name) => name.startsWith(`${space.namespace}_`) && name.endsWith("/dyno/0.log"))
        .some((name) => readFileSync(join(podLogs, name), "utf8").includes(` ${text}\n`)),
    );

  test("tell what a dyno writes, in order and within a second, and its end after its last line", async () => {
    await host.dynos.run(
      worker("for i in $(seq 1 1000); do echo line $i; done; echo last >&2; exit 3", {
        name: "run.1",
        type: "run",
      }),
      { attach: false },
    );
    await expect
      .poll(() => log("run.1"), { timeout: 30_000 })
      .toContainEqual(expect.stringContaining("Process exited with status 3"));
    const lines = await log("run.1");
    const output = lines.filter((line) => line.startsWith("app["));
    expect(output.filter((line) => !line.endsWith("last"))).toEqual(
      Array.from({ length: 1000 }, (_, i) => `app[run.1]: line ${i + 1}`),
    );
    const exited = lines.findIndex((line) => line.includes("Process exited"));
    expect(lines.slice(exited).filter((line) => line.startsWith("app["))).toEqual([]);
  });

  test("tell what was written while no agent ran, and once only what was told before", async () => {
    await apply([worker("echo before; sleep 2; echo meanwhile; exec sleep 1000")]);
    await logHas("app[worker.1]: before");
    await stopAgents();
    await expect.poll(() => isInNodesFiles("meanwhile"), { timeout: 20_000 }).toBe(true);
    await startAgents();
    await logHas("app[worker.1]: meanwhile");
    expect((await log("worker.1")).filter((line) => line.startsWith("app["))).toEqual([
      "app[worker.1]: before",
      "app[worker.1]: meanwhile",
    ]);
  });

  test("give each line the name its dyno has", async () => {
    const dyno = worker("while :; do echo tick; sleep 0.2; done");
    await apply([dyno]);
    await logHas("app[worker.1]: tick");
    await apply([{ ...dyno, name: "worker.7" }], 2);
    await logHas("app[worker.7]: tick");
  });

  test("tell each run of a dyno that crashes, each before its end", async () => {
    const said = (lines: readonly string[], text: string) =>
      lines.filter((line) => line.endsWith(text)).length;
    const [run, end] = [": hello from run", "Process exited with status 4"];
    await apply([worker("echo hello from run; exit 4")]);
    await expect.poll(async () => said(await log(), end), { timeout: 40_000 }).toBeGreaterThan(1);
    const lines = await log("worker.1");
    // The next run may be quicker to speak than the cluster is to say how the last one ended.
    for (const [i, line] of lines.entries())
      if (line.endsWith(end))
        expect(said(lines.slice(0, i), run)).toBeGreaterThan(said(lines.slice(0, i), end));
  });

  const MIB = 2 ** 20;
  const SMALL = { limits: { memoryBytes: 64 * MIB, cpuShare: 1, pids: 64 } };
  /** Holds so much memory until its output is read, which `sleep` never does. */
  const holding = (mib: number) => `dd if=/dev/zero bs=${mib}M count=1 | sleep 1000`;

  test("tell a dyno above its quota, which goes on, and no other", async () => {
    await apply([worker(holding(96), SMALL), worker(holding(32), { ...SMALL, name: "worker.2" })]);
    await logHas("heroku[worker.1]: Error R14 (Memory quota exceeded)");
    const lines = await log("worker.1");
    const at = lines.indexOf("heroku[worker.1]: Error R14 (Memory quota exceeded)");
    expect(lines[at - 1]).toMatch(/^heroku\[worker\.1\]: Process running mem=(9\d|10\d)M\(1[45]\d\.\d%\)$/);
    expect(lines.filter((line) => line.includes("Process exited"))).toEqual([]);
    expect((await log("worker.2")).filter((line) => line.includes("R14"))).toEqual([]);
  });

  test("leave it to the node to end one that is above twice its quota", async () => {
    const line = `dd if=/dev/zero bs=96M count=1 | sleep 8; exec dd if=/dev/zero of=/dev/null bs=200M count=1`;
    await apply([worker(line, SMALL)]);
    await logHas("heroku[worker.1]: Error R15 (Memory quota vastly exceeded)");
    const lines = await log("worker.1");
    const [told, ended] = ["R14", "R15"].map((code) =>
      lines.findIndex((line) => line.includes(`Error ${code} `)),
    );
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(ended ?? 0);
    expect(lines[(ended ?? 0) + 1] ?? "").not.toContain("R14");
  });
});
