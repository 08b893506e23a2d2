import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import { findDynoSize, limitsOf } from "../../../runtime/formation/index.ts";
import { openDynoWorld, program } from "./dyno-host-fixtures.ts";

const MIB = 2 ** 20;
const QUOTA = 100 * MIB;

/** Whether the kernel bounds it or somebody looks at it: the log says the same. */
test.each([
  ["a machine with cgroups", true],
  ["one without", false],
])(
  "on %s a dyno that grows is told of it, ended at twice its quota, and started again",
  async (_what, cgroups) => {
    const world = await openDynoWorld("shared", { cgroups });
    const host = await world.startHost();
    const watched = new DynoFollower(host.dynos);
    try {
      const limits = { memoryBytes: QUOTA, cpuShare: 1, pids: 64 };
      const worker = suiteSpec({ program: () => program("grow") }, "serves", {
        ...{ name: "worker.1", type: "worker", duty: "work", limits },
      });
      await host.dynos.apply({ appId: worker.appId, dynos: [worker] }, { subject: "formation", number: 1 });
      const { state } = await watched.until(worker.id, "crashed");
      expect(state).toMatchObject({ reason: "memory", exitCode: 137 });
      await watched.until(worker.id, "up");
      const lines = world.log("worker.1");
      const told = lines.indexOf("heroku[worker.1]: Error R14 (Memory quota exceeded)");
      const ended = lines.indexOf("heroku[worker.1]: Error R15 (Memory quota vastly exceeded)");
      expect(told).toBeGreaterThan(0);
      expect(lines[told - 1]).toMatch(/: Process running mem=1\d\dM\(1\d\d\.\d%\)$/);
      expect(lines.slice(ended, ended + 3)).toEqual([
        "heroku[worker.1]: Error R15 (Memory quota vastly exceeded)",
        "heroku[worker.1]: Process exited with status 137",
        "heroku[worker.1]: State changed from up to crashed",
      ]);
      expect(ended).toBeGreaterThan(told);
    } finally {
      await host.stop();
      await watched.close();
      await world.close();
    }
  },
);

/** The values that the kernel has for a dyno, whatever the version of its cgroups. */
function kernelLimits(dynoId: string) {
  const found = execFileSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", `${dynoId}-*`], {
    encoding: "utf8",
  });
  const folders = found.split("\n").filter(Boolean);
  const read = (...names: readonly string[]) => {
    const file = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
    return file === undefined ? undefined : Number(readFileSync(file, "utf8"));
  };
  return {
    memory: read("memory.max", "memory.limit_in_bytes"),
    pids: read("pids.max"),
    shares: read("cpu.shares") ?? (read("cpu.weight") ?? 0) * 10.24,
  };
}

test("a dyno of another size is held to that size by the kernel", async ({ skip }) => {
  const world = await openDynoWorld();
  const host = await world.startHost();
  const watched = new DynoFollower(host.dynos);
  try {
    skip(world.sandboxes.abilities.cgroup === "none", "needs cgroups: root, or a delegated one");
    const held = [];
    let number = 1;
    for (const name of ["Standard-1X", "Standard-2X", "Performance-M"]) {
      const size = findDynoSize(name);
      if (!size) throw new Error(`there is no size ${name}`);
      const web = suiteSpec({ program: () => program("serve") }, "serves", { limits: limitsOf(size) });
      await host.dynos.apply({ appId: web.appId, dynos: [web] }, { subject: "formation", number: number++ });
      await watched.until(web.id, "up");
      held.push({ name, ...kernelLimits(web.id) });
    }
    // R15 is at twice the size's memory.
    expect(held).toEqual([
      { name: "Standard-1X", memory: 2 ** 30, pids: 256, shares: 1_024 },
      { name: "Standard-2X", memory: 2 ** 31, pids: 256, shares: 2_048 },
      { name: "Performance-M", memory: 5 * 2 ** 30, pids: 16_384, shares: 12 * 1_024 },
    ]);
  } finally {
    await host.stop();
    await watched.close();
    await world.close();
  }
});
