import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type LogLine, silentLogger } from "../../../kernel/index.ts";
import { type CgroupTree, CONTAINER_ID, MIB, makeCgroupTree, quotaPod, UID } from "./cgroup-tree-fixtures.ts";
import { type MemoryWatch, startMemoryWatch } from "./memory-watch.ts";

const PATH = `kubepods/burstable/pod${UID}/${CONTAINER_ID}`;
let tree: CgroupTree;
let watch: MemoryWatch;
let lines: LogLine[];
let warnings: string[];
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  tree = makeCgroupTree(2);
  lines = [];
  warnings = [];
  watch = startMemoryWatch({
    cgroups: tree.root,
    logs: { write: (line) => void lines.push(line) },
    logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
    now: () => new Date(),
    sampleMs: 2_000,
  });
});
afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
  tree.remove();
});

const after = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
const said = () => lines.map(({ source, process, message }) => `${source}[${process}]: ${message}`);
const R14 = "heroku[web.1]: Error R14 (Memory quota exceeded)";

test("tells a dyno above its quota at once and every twenty seconds, until it is below", async () => {
  tree.group(PATH, 300 * MIB);
  watch.pods.replaced([quotaPod()]);
  await after(4);
  expect(said()).toEqual([]);
  tree.group(PATH, 700 * MIB, 100 * MIB);
  await after(2);
  expect(said()).toEqual(["heroku[web.1]: Process running mem=600M(117.2%)", R14]);
  expect(lines[0]).toMatchObject({ appId: "a1", time: new Date(1_006_000) });
  await after(18);
  expect(said()).toHaveLength(2);
  await after(2);
  expect(said()).toHaveLength(4);
  tree.group(PATH, 500 * MIB);
  await after(60);
  expect(said()).toHaveLength(4);
});

test("content of files that the kernel can drop does not count", async () => {
  tree.group(PATH, 900 * MIB, 600 * MIB);
  watch.pods.replaced([quotaPod()]);
  await after(10);
  expect(said()).toEqual([]);
});

test("a dyno that is renamed is told under its new name; the next run of its process is told at once", async () => {
  tree.group(PATH, 600 * MIB);
  watch.pods.changed(quotaPod());
  await after(2);
  watch.pods.changed(quotaPod({ name: "web.9" }));
  await after(20);
  expect(said().at(-1)).toBe("heroku[web.9]: Error R14 (Memory quota exceeded)");
  const before = lines.length;
  const next = "e".repeat(63);
  tree.group(`kubepods/burstable/pod${UID}/${next}`, 700 * MIB);
  tree.end(PATH);
  watch.pods.changed(quotaPod({ name: "web.9", containerId: `containerd://${next}` }));
  await after(2);
  expect(lines.length).toBe(before + 2);
});

test.each([
  ["has ended", () => watch.pods.changed(quotaPod({ state: "terminated" }))],
  ["was removed", () => watch.pods.removed(quotaPod())],
  ["is not among those there are", () => watch.pods.replaced([])],
])("nothing more is said of a dyno that %s", async (_what, change) => {
  tree.group(PATH, 600 * MIB);
  watch.pods.changed(quotaPod());
  await after(2);
  expect(said()).toHaveLength(2);
  change();
  await after(60);
  expect(said()).toHaveLength(2);
});

test("a group that comes late, goes and comes back is found again", async () => {
  watch.pods.replaced([quotaPod()]);
  await after(2);
  tree.group(PATH, 600 * MIB);
  await after(12);
  expect(said()).toHaveLength(2);
  tree.end(PATH);
  await after(30);
  expect(said()).toHaveLength(2);
  tree.group(PATH, 600 * MIB);
  await after(12);
  expect(said()).toHaveLength(4);
  expect(warnings).toEqual([]);
});

test("the operator is told once when the node's tree does not have its dynos", async () => {
  watch.pods.replaced([quotaPod(), quotaPod({ uid: UID.replace("3", "4") })]);
  await after(58);
  expect(warnings).toEqual([]);
  await after(120);
  expect(warnings).toHaveLength(1);
  tree.group(PATH, 600 * MIB);
  await after(12);
  expect(said()).toHaveLength(2);
});

test("250 dynos of one node are told, each as often as one is", async () => {
  const uids = Array.from({ length: 250 }, (_, i) => UID.replace(/^.{8}/, String(i).padStart(8, "0")));
  for (const uid of uids) tree.group(`kubepods/burstable/pod${uid}/${CONTAINER_ID}`, 600 * MIB);
  watch.pods.replaced(uids.map((uid) => quotaPod({ uid })));
  await after(2);
  expect(lines).toHaveLength(500);
  await after(20);
  expect(lines).toHaveLength(1_000);
});
