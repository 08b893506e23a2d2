import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CgroupPower } from "./cgroup-hierarchies.ts";
import { findProcessorGroup } from "./processor-group.ts";

// Ordinary folders stand for the kernel's, in which a file keeps what was written last.
let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "conifer-processor-"));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const write = (text: string, ...path: string[]) => writeFileSync(join(top, ...path), text);
const read = (...path: string[]) => readFileSync(join(top, ...path), "utf8");

function hierarchy(version: 1 | 2, name: string, ...powers: readonly CgroupPower[]) {
  const [group, background] = [join(top, name, "dynos", "d1"), join(top, name, "background")];
  for (const folder of [group, background]) mkdirSync(folder, { recursive: true });
  write("", name, "dynos", "d1", "cgroup.procs");
  return { ...{ version, powers, group, background } };
}

test.each([
  ["nothing", []],
  ["no count", ["cpu", "memory"]],
  ["no share", ["cpuacct"]],
] as const)("with %s there is nothing to watch", (_what, powers) => {
  expect(findProcessorGroup([hierarchy(1, "all", ...powers)], "d1", 1)).toBeUndefined();
});

describe("version 1", () => {
  test("counts where the kernel does, in microseconds", () => {
    const apart = [hierarchy(1, "cpu", "cpu"), hierarchy(1, "cpuacct", "cpuacct")];
    const group = findProcessorGroup(apart, "d1", 1);
    expect(group?.usedMicros()).toBe(0);
    write("12500000\n", "cpuacct/dynos/d1/cpuacct.usage");
    expect(group?.usedMicros()).toBe(12_500);
  });

  test("adds what was used behind others where both are one hierarchy", () => {
    const group = findProcessorGroup([hierarchy(1, "both", "cpu", "cpuacct")], "d1", 1);
    mkdirSync(join(top, "both/background/d1"));
    write("5000\n", "both/dynos/d1/cpuacct.usage");
    write("7000\n", "both/background/d1/cpuacct.usage");
    expect(group?.usedMicros()).toBe(12);
  });

  test("moves all its processes below the background, with its share among those there, and back", async () => {
    const groups = [hierarchy(1, "cpu", "cpu"), hierarchy(1, "cpuacct", "cpuacct")];
    const group = findProcessorGroup(groups, "d1", 2);
    expect(group?.folders).toEqual(["dynos/d1", "background/d1"].map((name) => join(top, "cpu", name)));
    write("41\n42\n", "cpu/dynos/d1/cgroup.procs");
    await group?.setBehind(true);
    expect(read("cpu/background/d1/cpu.shares")).toBe("2048");
    expect(read("cpu/background/d1/cgroup.procs")).toBe("42");
    expect(existsSync(join(top, "cpuacct/background/d1"))).toBe(false);
    write("", "cpu/dynos/d1/cgroup.procs");
    await group?.setBehind(false);
    expect(read("cpu/dynos/d1/cgroup.procs")).toBe("42");
  });

  test("of a sandbox that has ended, nothing is moved and nothing thrown", async () => {
    const group = findProcessorGroup([hierarchy(1, "both", "cpu", "cpuacct")], "d1", 1);
    rmSync(join(top, "both"), { recursive: true });
    write("", "both");
    await group?.setBehind(true);
    expect(group?.usedMicros()).toBe(0);
  });
});

describe("version 2", () => {
  const find = () => {
    const found = hierarchy(2, "all", "memory", "pids", "cpu", "cpuacct", "freezer");
    return findProcessorGroup([found], "d1", 2);
  };

  test("counts and waits for idle processors where it is", async () => {
    const group = find();
    expect(group?.folders).toEqual([join(top, "all/dynos/d1")]);
    write("usage_usec 4200\nuser_usec 4000\n", "all/dynos/d1/cpu.stat");
    expect(group?.usedMicros()).toBe(4_200);
    await group?.setBehind(true);
    expect(read("all/dynos/d1/cpu.idle")).toBe("1");
    await group?.setBehind(false);
    expect(read("all/dynos/d1/cpu.idle")).toBe("0");
  });

  test("weighs next to nothing on a kernel whose groups cannot wait", async () => {
    const group = find();
    // What cannot be written stands for a file that is not there: the kernel lets nobody make one.
    mkdirSync(join(top, "all/dynos/d1/cpu.idle"));
    await group?.setBehind(true);
    expect(read("all/dynos/d1/cpu.weight")).toBe("2");
    await group?.setBehind(false);
    expect(read("all/dynos/d1/cpu.weight")).toBe("200");
  });
});
