import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clusterFolders, MACHINE_FOLDER } from "./cluster/cluster-folders.ts";
import { findNodes, seeProcesses } from "./cluster/cluster-processes.ts";
import { testClusterName } from "./cluster/test-clusters.ts";
import { eventually, tracesOf } from "./cluster/tool-fixtures.ts";

/** The command that runs these tests, as it is when somebody loses patience with it. */

const ENTRY = join(import.meta.dirname, "run-kubernetes-tests.ts");

function start() {
  const { KUBECONFIG: _, ...environment } = process.env;
  const args = ["--disable-warning=ExperimentalWarning", ENTRY, "--run-nothing-of-this-name"];
  const child = spawn(process.execPath, args, { stdio: "ignore", env: environment, detached: true });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { child, ended, name: testClusterName(child.pid ?? 0) };
}

const nodesOf = (name: string) => findNodes(name, seeProcesses()).length;
const listed = (name: string) =>
  existsSync(MACHINE_FOLDER) && readdirSync(MACHINE_FOLDER).includes(`${name}.json`);

function expectNothingOf(name: string): void {
  expect(nodesOf(name)).toBe(0);
  expect(tracesOf(name, "198.19.999.0")).toEqual([]);
  expect(listed(name)).toBe(false);
  expect(existsSync(clusterFolders(name, process.env).state)).toBe(false);
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "an interrupt by %s while the cluster comes up leaves none",
  async (signal) => {
    const { child, ended, name } = start();
    await eventually(
      () => nodesOf(name),
      (nodes) => nodes > 0,
    );
    process.kill(child.pid ?? 0, signal);
    expect(await ended).toBe(1);
    expectNothingOf(name);
  },
);

test("a killed run's cluster is taken down by the next run", async () => {
  const killed = start();
  await eventually(
    () => nodesOf(killed.name),
    (nodes) => nodes > 0,
  );
  // Its group, so that what it started does not go on; a machine that dies leaves no more.
  process.kill(killed.child.pid ?? 0, "SIGKILL");
  await killed.ended;
  expect(listed(killed.name)).toBe(true);

  const next = start();
  await eventually(
    () => listed(killed.name),
    (there) => !there,
  );
  process.kill(next.child.pid ?? 0, "SIGTERM");
  await next.ended;
  expectNothingOf(killed.name);
  expectNothingOf(next.name);
});
