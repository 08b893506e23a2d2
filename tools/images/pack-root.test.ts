import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { entriesOf, type PackedRoot, packRoot } from "./pack-root.ts";
import type { PackedPath } from "./unpack-packages.ts";

const USER = { name: "dyno", uid: 1000, gid: 1000, home: "/home/dyno" };

let folder: string;
let packed: PackedRoot;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pack-root-"));
  packed = makeRoot(join(folder, "root"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A root with two packages, one of either layer, and some made files. The modes on disk are to mean nothing. */
function makeRoot(root: string, diskMode: number): PackedRoot {
  const paths = new Map<string, PackedPath>();
  const put = (path: string, content: string | undefined) => {
    const at = join(root, path);
    mkdirSync(content === undefined ? at : dirname(at), { recursive: true });
    if (content === undefined) return;
    writeFileSync(at, content);
    chmodSync(at, diskMode);
  };
  const bring = (path: string, content: string | undefined, mode: number, layer: PackedPath["layer"]) => {
    put(path, content);
    paths.set(path, { owner: `of-${layer}`, layer, mode });
  };
  bring("usr", undefined, 0o755, "system");
  bring("usr/bin", undefined, 0o755, "system");
  bring("usr/bin/bash", "bash", 0o755, "system");
  bring("etc", undefined, 0o755, "system");
  bring("usr/lib", undefined, 0o755, "programs");
  bring("usr/lib/lib.py", "code", 0o644, "programs");
  bring("usr/bin/tool", "tool", 0o755, "programs");
  linkSync(join(root, "usr/bin/tool"), join(root, "usr/bin/tool2"));
  paths.set("usr/bin/tool2", { owner: "of-programs", layer: "programs", mode: 0o755 });
  bring("var/empty", undefined, 0o700, "programs");
  put("usr/lib/__pycache__/lib.pyc", "compiled");
  put("etc/passwd", "root");
  put("tmp", undefined);
  put("home/dyno", undefined);
  symlinkSync("usr/bin", join(root, "bin"));
  return { root, paths, user: USER, layers: ["system", "programs"] };
}

const listed = (layer: "system" | "programs" | "made") =>
  [...entriesOf(packed, layer)].map(({ path, mode, kind, owner }) =>
    [kind, mode.toString(8), path, ...(owner ? [owner.uid] : [])].join(" "),
  );

test("a layer has what its packages brought, each folder before its content", () => {
  expect(listed("system")).toEqual([
    "directory 755 /etc",
    "directory 755 /usr",
    "directory 755 /usr/bin",
    "file 755 /usr/bin/bash",
  ]);
});

test("a layer brings the folders it needs, hard links, and what was compiled of its packages", () => {
  expect(listed("programs")).toEqual([
    "directory 755 /usr",
    "directory 755 /usr/bin",
    "file 755 /usr/bin/tool",
    "link 755 /usr/bin/tool2",
    "directory 755 /usr/lib",
    "directory 755 /usr/lib/__pycache__",
    "file 644 /usr/lib/__pycache__/lib.pyc",
    "file 644 /usr/lib/lib.py",
    "directory 755 /var",
    "directory 700 /var/empty",
  ]);
  expect([...entriesOf(packed, "programs")].find(({ kind }) => kind === "link")).toMatchObject({
    target: "/usr/bin/tool",
  });
});

test("what was made lies on top, and the home is its user's", () => {
  expect(listed("made")).toEqual([
    "symlink 777 /bin",
    "directory 755 /etc",
    "file 644 /etc/passwd",
    "directory 755 /home",
    "directory 755 /home/dyno 1000",
    "directory 1777 /tmp",
  ]);
});

test("the same content gives the same layers, whatever modes this machine gave it", async () => {
  const digests = async (root: PackedRoot, layout: string) =>
    (await packRoot(root, join(folder, layout))).map(({ diffId }) => diffId);
  const first = await digests(packed, "one");
  expect(first).toHaveLength(3);
  expect(await digests(makeRoot(join(folder, "other"), 0o600), "two")).toEqual(first);
});
