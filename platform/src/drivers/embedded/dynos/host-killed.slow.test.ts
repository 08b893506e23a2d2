import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mountPoints, removeTree } from "../../files/trees/index.ts";
import { openSandboxes } from "../sandbox/index.ts";
import { processTree, startTimeOf } from "../sandbox/process-tree.ts";
import { eventually } from "../sandbox/sandbox-fixtures.ts";

let home: string;
let key: string;
let children: ChildProcess[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "conifer-killed-"));
  key = randomBytes(32).toString("hex");
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  const sandboxes = await openSandboxes({ home, directory: join(home, "dynos", ".shared") });
  await sandboxes.removeRemains(join(home, "dynos"));
  await sandboxes.stop();
  await removeTree(home);
});

async function startChild(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "host-child-fixtures.ts"), home, key], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  expect(line.toString()).toMatch(/^ready /);
  return child;
}

function foldersOf(folder: string): string[] {
  return readdirSync(join(folder, "dynos")).filter((name) => !name.startsWith("."));
}

function cgroupsOf(folder: string): string[] {
  return foldersOf(folder).flatMap(
    (name) =>
      JSON.parse(readFileSync(join(folder, "dynos", name, "sandbox.json"), "utf8")).cgroups as string[],
  );
}

describe("kill -9 of the host", () => {
  test("ends every dyno within a second, leaves no mount, and the next start removes the rest", async () => {
    const child = await startChild();
    const members = processTree(child.pid ?? 0).slice(1);
    const tree = members.map((pid) => ({ pid, began: startTimeOf(pid) }));
    expect(tree.length).toBeGreaterThan(12);
    const cgroups = cgroupsOf(home);
    const before = foldersOf(home);
    child.kill("SIGKILL");
    const left = () => tree.filter(({ pid, began }) => began && startTimeOf(pid) === began);
    await eventually("all its processes are gone", () => left().length === 0, 1_000);
    const mounts = mountPoints(readFileSync("/proc/self/mountinfo", "utf8"));
    expect(mounts.filter((point) => point.startsWith(home))).toEqual([]);
    const next = await startChild();
    for (const folder of cgroups) expect(existsSync(folder)).toBe(false);
    // The next host brought the old dynos back and was then told of others in their place.
    const old = () => foldersOf(home).filter((name) => before.includes(name));
    await eventually("only the new dynos are left", () => old().length === 0 && foldersOf(home).length === 3);
    next.kill("SIGKILL");
  });
});
