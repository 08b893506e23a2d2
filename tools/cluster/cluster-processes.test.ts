import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  findHolders,
  findNodes,
  findStarters,
  nodeMark,
  type SeenProcess,
  seeProcesses,
} from "./cluster-processes.ts";

const seen = (pid: number, innerPid: number, namespace: string, ...command: string[]): SeenProcess => ({
  pid,
  innerPid,
  namespace,
  command,
});

describe("nodes are found among all processes", () => {
  const processes = [
    seen(1, 1, "host", "/sbin/init"),
    seen(90, 90, "host", "unshare", "--net", "/programs/pause", nodeMark("dev", 1)),
    seen(100, 1, "one", "/programs/pause", nodeMark("dev", 1)),
    seen(101, 7, "one", "/programs/kubelet", "--config=x"),
    seen(102, 9, "one", "containerd", "--config", "y"),
    seen(103, 1, "a pod's", "/pause"),
    seen(200, 1, "two", "/programs/pause", nodeMark("dev", 2)),
    seen(300, 1, "three", "/programs/pause", nodeMark("dev2", 1)),
    seen(301, 2, "three", "/programs/kubelet"),
    seen(400, 400, "host", "grep", "pause", nodeMark("dev", 1)),
  ];

  test("by their mark, with what runs in them", () => {
    const nodes = findNodes("dev", processes);
    expect(nodes.map(({ number, pid, namespace }) => [number, pid, namespace])).toEqual([
      [1, 100, "one"],
      [2, 200, "two"],
    ]);
    expect([...(nodes[0]?.programs ?? [])]).toEqual([
      ["kubelet", 101],
      ["containerd", 102],
    ]);
    expect(nodes[1]?.programs.size).toBe(0);
  });

  test("another cluster's are not this one's, however its name begins", () => {
    expect(findNodes("dev2", processes).map(({ pid }) => pid)).toEqual([300]);
    expect(findNodes("de", processes)).toEqual([]);
  });
});

describe("what holds nodes is found also on its way there", () => {
  const mark = nodeMark("dev", 1);
  const processes = [
    seen(90, 90, "host", "unshare", "--net", "/programs/pause", mark),
    seen(91, 1, "one", "unshare", "--net", "/programs/pause", mark),
    seen(92, 1, "two", "/programs/pause", nodeMark("dev", 2)),
    seen(93, 93, "host", "vi", mark),
    seen(94, 1, "three", "/programs/pause", nodeMark("dev2", 1)),
    seen(95, 1, "a pod's", "/pause"),
  ];

  test("of all nodes, or of one", () => {
    expect(findHolders("dev", processes)).toEqual([90, 91, 92]);
    expect(findHolders("dev", processes, 1)).toEqual([90, 91]);
    expect(findHolders("dev", processes, 2)).toEqual([92]);
    expect(findHolders("dev", processes, 3)).toEqual([]);
  });
});

test("what started programs in a node is found by the node's process", () => {
  const processes = [
    seen(70, 70, "host", "nsenter", "-t", "90", "-m", "--", "env", "kubelet"),
    seen(71, 71, "host", "/usr/bin/nsenter", "-t", "90", "-n", "--", "containerd"),
    seen(72, 72, "host", "nsenter", "-t", "91", "-m", "--", "env", "kubelet"),
    seen(73, 73, "host", "vi", "-t", "90"),
    seen(90, 1, "one", "/programs/pause", nodeMark("dev", 1)),
  ];
  expect(findStarters(90, processes)).toEqual([70, 71]);
});

describe("processes are read from /proc", () => {
  let proc = "";
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), "conifer-proc-"));
  });
  afterEach(() => rmSync(proc, { recursive: true, force: true }));

  const add = (pid: number, cmdline: string, status: string | undefined) => {
    mkdirSync(join(proc, String(pid), "ns"), { recursive: true });
    writeFileSync(join(proc, String(pid), "cmdline"), cmdline);
    if (status !== undefined) writeFileSync(join(proc, String(pid), "status"), status);
    symlinkSync("pid:[42]", join(proc, String(pid), "ns/pid"));
  };

  test("with their number in their own namespace", () => {
    add(7, "/bin/pause\0mark\0", "Name:\tpause\nNSpid:\t7\t1\n");
    add(8, "sh\0", "Name:\tsh\n");
    expect(seeProcesses(proc)).toEqual([
      seen(7, 1, "pid:[42]", "/bin/pause", "mark"),
      seen(8, 8, "pid:[42]", "sh"),
    ]);
  });

  test("threads of the kernel and those that end meanwhile are left out", () => {
    add(2, "", "Name:\tkthreadd\nNSpid:\t2\n");
    add(9, "gone\0", undefined);
    mkdirSync(join(proc, "10"));
    mkdirSync(join(proc, "self"));
    expect(seeProcesses(proc)).toEqual([]);
  });

  test("this one is among the real ones", () => {
    const own = seeProcesses().find(({ pid }) => pid === process.pid);
    expect(own?.command.length).toBeGreaterThan(0);
    expect(own?.namespace).toMatch(/^pid:\[\d+\]$/);
  });
});
