import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CgroupHierarchy, CgroupPower } from "./cgroup-hierarchies.ts";
import { openCgroups, removeCgroup, removeParents } from "./cgroups.ts";

const LIMITS = { memoryBytes: 4096, cpuShare: 2, pids: 10 };

// Ordinary folders stand for the kernel's: it hands out no controller of version 2 there, as on a machine that has them all on 1.
let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "conifer-cgroups-"));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function hierarchy(version: 1 | 2, name: string, ...powers: readonly CgroupPower[]): CgroupHierarchy {
  mkdirSync(join(top, name));
  return { version, folder: join(top, name), powers };
}
const read = (...path: string[]) => readFileSync(join(top, ...path), "utf8");
const write = (text: string, ...path: string[]) => writeFileSync(join(top, ...path), text);

describe("a machine with both versions", () => {
  const open = () =>
    openCgroups(
      [
        hierarchy(2, "unified", "memory", "pids", "cpu", "cpuacct", "freezer"),
        hierarchy(1, "memory", "memory"),
        hierarchy(1, "rest", "cpu", "pids", "cpuacct"),
        hierarchy(1, "again", "memory"),
      ],
      "conifer-1",
    );

  test("offers what each can really do, and no power twice", async () => {
    const cgroups = await open();
    expect([...cgroups.powers].sort()).toEqual(["cpu", "cpuacct", "freezer", "memory", "pids"]);
    expect(cgroups.versions).toEqual([2, 1]);
    expect(cgroups.parents).toEqual(
      ["unified", "memory", "rest"].flatMap((name) => [
        join(top, name, "conifer-1"),
        join(top, name, "conifer-1-background"),
      ]),
    );
  });

  test("holds a sandbox to all of its limits before anything runs in it", async () => {
    const cgroup = await (await open()).make("d1", LIMITS);
    expect(read("memory/conifer-1/d1/memory.limit_in_bytes")).toBe("4096");
    expect(read("rest/conifer-1/d1/pids.max")).toBe("10");
    expect(read("rest/conifer-1/d1/cpu.shares")).toBe("2048");
    expect(cgroup.joinNow).toEqual(["memory", "rest"].map((name) => join(top, name, "conifer-1/d1/tasks")));
    // A group that only freezes is joined when it freezes: joining makes the kernel wait.
    expect(cgroup.joinSlowly).toEqual([]);
  });

  test("gives the background a tenth of the others' weight, and nothing less of the rest", async () => {
    const cgroup = await (await open()).make("d1", LIMITS, true);
    expect(read("rest/conifer-1-background/cpu.shares")).toBe("102");
    expect(existsSync(join(top, "rest/conifer-1/cpu.shares"))).toBe(false);
    expect(read("memory/conifer-1-background/d1/memory.limit_in_bytes")).toBe("4096");
    expect(cgroup.folders).toEqual(
      ["unified", "memory", "rest"].map((name) => join(top, name, "conifer-1-background/d1")),
    );
  });

  test("freezes by version 2 whoever is in the sandbox by then", async () => {
    const cgroup = await (await open()).make("d1", LIMITS);
    cgroup.setFrozen(true, [41, 42]);
    expect(read("unified/conifer-1/d1/cgroup.freeze")).toBe("1");
    // A file keeps what was written last; each is a write of its own, as the kernel takes one process at a time.
    expect(read("unified/conifer-1/d1/cgroup.procs")).toBe("42");
    cgroup.setFrozen(false, [43]);
    expect(read("unified/conifer-1/d1/cgroup.freeze")).toBe("0");
    expect(read("unified/conifer-1/d1/cgroup.procs")).toBe("42");
  });
});

describe("memory of a sandbox", () => {
  const make = async () => await (await openCgroups([hierarchy(1, "m", "memory")], "c")).make("d1", LIMITS);

  test.each([
    ["without what can be dropped at once", 900, "inactive_file 300\n", 600],
    [
      "without what the groups below could drop, rather",
      900,
      "inactive_file 1\ntotal_inactive_file 800\n",
      100,
    ],
    ["whole when nothing else is told", 900, "total_rss 5\n", 900],
    ["as never less than nothing", 100, "inactive_file 300\n", 0],
  ])("is counted %s", async (_what, used, stat, expected) => {
    const cgroup = await make();
    write(`${used}\n`, "m/c/d1/memory.usage_in_bytes");
    write(stat, "m/c/d1/memory.stat");
    expect(await cgroup.memoryBytes()).toBe(expected);
    expect(await cgroup.memoryBytes(Number(used))).toBe(expected);
    rmSync(join(top, "m/c/d1/memory.stat"));
    expect(await cgroup.memoryBytes(Number(used) + 1)).toBe(Number(used));
  });

  test.each([
    ["oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", true],
    ["oom 3\noom_kill 12\noom_group_kill 0\n", true],
    ["oom 3\noom_kill 0\noom_group_kill 0\n", false],
    ["oom_kill_disable 1\nunder_oom 1\n", false],
  ])("ran out, by %j: %s", async (text, expected) => {
    const cgroup = await make();
    write(text, "m/c/d1/memory.oom_control");
    expect(await cgroup.ranOutOfMemory()).toBe(expected);
  });

  test("is not told where nothing counts it", async () => {
    const cgroup = await (await openCgroups([hierarchy(1, "f", "freezer")], "c")).make("d1", LIMITS);
    expect([await cgroup.memoryBytes(), await cgroup.ranOutOfMemory()]).toEqual([undefined, false]);
  });
});

describe("lesser machines", () => {
  test("a freezer of version 1 is told in its own words", async () => {
    const cgroup = await (await openCgroups([hierarchy(1, "f", "freezer")], "c")).make("d1", LIMITS);
    cgroup.setFrozen(true, [41]);
    expect(read("f/c/d1/freezer.state")).toBe("FROZEN");
    cgroup.setFrozen(false, []);
    expect(read("f/c/d1/freezer.state")).toBe("THAWED");
    // Its processes are there from their beginning.
    expect(existsSync(join(top, "f/c/d1/cgroup.procs"))).toBe(false);
  });

  test("without a freezer nothing claims to have frozen", async () => {
    const cgroup = await (await openCgroups([], "c")).make("d1", LIMITS);
    expect(() => cgroup.setFrozen(true, [])).toThrow("no freezer");
    await cgroup.remove();
  });

  test("a hierarchy in which no group can be made is left out", async () => {
    write("", "file");
    const broken = { version: 1, folder: join(top, "file"), powers: ["memory"] } as const;
    const cgroups = await openCgroups([broken, hierarchy(1, "m", "memory")], "c");
    expect(cgroups.parents).toEqual([join(top, "m/c"), join(top, "m/c-background")]);
  });
});

describe("removing groups", () => {
  test("thaws and ends who is still in one: nothing frozen can be killed", async () => {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    const [group, seen] = [join(top, "d1"), join(top, "seen")];
    mkdirSync(group);
    write("FROZEN", "d1/freezer.state");
    write(`${child.pid}\n`, "d1/cgroup.procs");
    const ended = once(child, "exit").then(([, signal]) => {
      // The kernel's folder is empty to rmdir(2) once no process is left; this one goes away at once.
      renameSync(group, seen);
      return signal;
    });
    await removeCgroup([group, join(top, "gone")]);
    expect([await ended, read("seen/freezer.state")]).toEqual(["SIGKILL", "THAWED"]);
  });

  test("of a killed process takes its sandboxes' groups first, and minds none that is gone", async () => {
    for (const name of ["a/d1", "a/d2", "b"]) mkdirSync(join(top, name), { recursive: true });
    await removeParents(["a", "b", "gone"].map((name) => join(top, name)));
    expect(["a", "b"].map((name) => existsSync(join(top, name)))).toEqual([false, false]);
  });

  test("leaves a parent that holds another's sandbox", async () => {
    const cgroups = await openCgroups([hierarchy(1, "m", "memory"), hierarchy(1, "p", "pids")], "c");
    mkdirSync(join(top, "m/c/others"));
    await cgroups.close();
    expect([existsSync(join(top, "m/c/others")), existsSync(join(top, "p/c"))]).toEqual([true, false]);
  });
});
