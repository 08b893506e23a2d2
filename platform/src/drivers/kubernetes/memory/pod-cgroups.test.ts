import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type CgroupTree, CONTAINER_ID as ID, makeCgroupTree, UID } from "./cgroup-tree-fixtures.ts";
import { makePodCgroups } from "./pod-cgroups.ts";

let tree: CgroupTree;
afterEach(() => tree.remove());

const SLICED = UID.replaceAll("-", "_");
const OTHER = "99999999-aaaa-4bbb-8ccc-0123456789ab";
const slice = (prefix: string) =>
  `${prefix}kubepods.slice/${prefix}kubepods-burstable.slice/${prefix}kubepods-burstable-pod${SLICED}.slice`;

test.each([
  ["version 2 with cgroupfs", 2, `kubepods/burstable/pod${UID}/${ID}`],
  ["version 1 with cgroupfs", 1, `kubepods/burstable/pod${UID}/${ID}`],
  ["version 2 with systemd and containerd", 2, `${slice("")}/cri-containerd-${ID}.scope`],
  ["version 1 with systemd and containerd", 1, `${slice("")}/cri-containerd-${ID}.scope`],
  ["version 2 with systemd and CRI-O", 2, `${slice("")}/crio-${ID}.scope`],
  [
    "a pod whose limits are its requests",
    2,
    `kubepods.slice/kubepods-pod${SLICED}.slice/cri-containerd-${ID}.scope`,
  ],
  ["a kubelet below a group of its own", 1, `clusters/r/node1/kubepods/burstable/pod${UID}/${ID}`],
  ["a node that is a container itself", 2, `kubelet.slice/${slice("kubelet-")}/cri-containerd-${ID}.scope`],
] as const)("finds a container's folder: %s", (_what, version, path) => {
  tree = makeCgroupTree(version);
  const folder = tree.group(path, 1);
  // What stands beside it on a real node.
  for (const other of ["system.slice/sshd.service", "user.slice/user-0.slice/session-1.scope", "init.scope"])
    tree.group(other, 1);
  tree.group(path.replace(UID, OTHER).replace(SLICED, OTHER.replaceAll("-", "_")), 1);
  tree.group(join(path, "..", `crio-conmon-${ID}.scope`), 1);
  tree.group(join(path, "..", "0".repeat(63)), 1);
  expect(makePodCgroups({ root: tree.root, nowMs: () => 0 }).find(UID, ID)).toBe(folder);
});

test("finds nothing for a pod that is not there, and walks the tree again only after a while", () => {
  tree = makeCgroupTree(2);
  let now = 0;
  const cgroups = makePodCgroups({ root: tree.root, nowMs: () => now, walkAgainMs: 10_000 });
  expect(cgroups.find(UID, ID)).toBeUndefined();
  const folder = tree.group(`kubepods/burstable/pod${UID}/${ID}`, 1);
  now = 9_999;
  expect(cgroups.find(UID, ID)).toBeUndefined();
  now = 10_000;
  expect(cgroups.find(UID, ID)).toBe(folder);
});

test("finds further pods of a class at once, and other containers of a pod", () => {
  tree = makeCgroupTree(2);
  const cgroups = makePodCgroups({ root: tree.root, nowMs: () => 0 });
  const first = tree.group(`kubepods/burstable/pod${UID}/${ID}`, 1);
  expect(cgroups.find(UID, ID)).toBe(first);
  const second = tree.group(`kubepods/burstable/pod${OTHER}/${ID}`, 1);
  expect(cgroups.find(OTHER, ID)).toBe(second);
  const next = tree.group(`kubepods/burstable/pod${UID}/${"e".repeat(63)}`, 1);
  expect(cgroups.find(UID, "e".repeat(63))).toBe(next);
});

test("a pod whose container was not made yet has no folder", () => {
  tree = makeCgroupTree(2);
  tree.group(`kubepods/burstable/pod${UID}`, 1);
  expect(makePodCgroups({ root: tree.root, nowMs: () => 0 }).find(UID, ID)).toBeUndefined();
});

test("a tree that is not there holds nothing", () => {
  tree = makeCgroupTree(2);
  expect(makePodCgroups({ root: join(tree.root, "none"), nowMs: () => 0 }).find(UID, ID)).toBeUndefined();
});

test("looks no deeper than kubelets go", () => {
  tree = makeCgroupTree(2);
  tree.group(`a/b/c/d/e/f/g/pod${UID}/${ID}`, 1);
  expect(makePodCgroups({ root: tree.root, nowMs: () => 0 }).find(UID, ID)).toBeUndefined();
});
