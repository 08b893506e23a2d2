import { describe, expect, test } from "vitest";
import { findHierarchies, limitFiles } from "./cgroup-hierarchies.ts";

const V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const UNIFIED = "31 23 0:27 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw";
const MEMORY = "32 23 0:28 / /sys/fs/cgroup/memory rw shared:6 - cgroup cgroup rw,memory";
const CPU = "33 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct";
const FREEZER = "34 23 0:30 / /sys/fs/cgroup/freezer rw shared:8 - cgroup cgroup rw,freezer";
const INNER = "35 23 0:28 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
const ALL = ["memory", "pids", "cpu", "cpuacct", "freezer"];

describe("finding hierarchies", () => {
  test.each([
    ["nothing mounted", [], "0::/", []],
    [
      "version 2, in a service",
      [V2],
      "0::/system.slice/conifer.service",
      [{ version: 2, folder: "/sys/fs/cgroup/system.slice", powers: ALL }],
    ],
    ["version 2, at the top", [V2], "0::/", [{ version: 2, folder: "/sys/fs/cgroup", powers: ALL }]],
    [
      "version 1 alone has a freezer of its own, and groups below ours",
      [MEMORY, CPU, FREEZER],
      "4:memory:/user/1\n3:cpu,cpuacct:/\n2:freezer:/",
      [
        { version: 1, folder: "/sys/fs/cgroup/memory/user/1", powers: ["memory"] },
        { version: 1, folder: "/sys/fs/cgroup/cpu,cpuacct", powers: ["cpu", "cpuacct"] },
        { version: 1, folder: "/sys/fs/cgroup/freezer", powers: ["freezer"] },
      ],
    ],
    [
      "hybrid: limits by version 1, the freezer of version 2",
      [UNIFIED, MEMORY, FREEZER],
      "4:memory:/\n2:freezer:/\n0::/",
      [
        { version: 2, folder: "/sys/fs/cgroup/unified", powers: ALL },
        { version: 1, folder: "/sys/fs/cgroup/memory", powers: ["memory"] },
      ],
    ],
    [
      "a container that is shown its own part only",
      [INNER],
      "4:memory:/docker/abc/x",
      [{ version: 1, folder: "/sys/fs/cgroup/memory/x", powers: ["memory"] }],
    ],
    ["a mount that does not show our group", [INNER], "4:memory:/other", []],
  ])("%s", (_what, mounts, own, expected) => {
    expect(findHierarchies(`${mounts.join("\n")}\n`, `${own}\n`)).toEqual(expected);
  });
});

describe("files of the limits", () => {
  const limits = { memoryBytes: 1024, cpuShare: 0.5, pids: 256 };
  test.each([
    [
      1,
      [
        ["memory.limit_in_bytes", "1024"],
        ["pids.max", "256"],
        ["cpu.shares", "512"],
      ],
    ],
    [
      2,
      [
        ["memory.max", "1024"],
        ["pids.max", "256"],
        ["cpu.weight", "50"],
      ],
    ],
  ] as const)("version %s", (version, expected) => {
    expect(limitFiles(version, ["memory", "pids", "cpu", "cpuacct", "freezer"], limits)).toEqual(expected);
  });

  test.each([
    [1, 0, "2"],
    [1, 1e9, "262144"],
    [2, 0, "1"],
    [2, 1e9, "10000"],
  ] as const)("version %s keeps a share of %s in the kernel's bounds", (version, cpuShare, value) => {
    expect(limitFiles(version, ["cpu"], { ...limits, cpuShare })[0]?.[1]).toBe(value);
  });
});
