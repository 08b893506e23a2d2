import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { parse } from "smol-toml";
import { extract, type Header } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILDPACK_APIS, PLATFORM_APIS } from "../../buildpacks/lifecycle/api-versions.ts";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import type { NamedLayer } from "./assemble-image.ts";
import { type BuilderTree, makeBuilderTree } from "./builder-tree.ts";

/** What the tree of a builder image is made of, with a small program in the place of Node.js. */

const RUN_IMAGE = "conifer/run:debian-12";
let home: string;
let tree: BuilderTree;
let layers: readonly NamedLayer[];
/** By layer: what is in it. */
let entries: Readonly<Record<string, readonly Header[]>>;

async function make(name: string, node: string): Promise<BuilderTree> {
  const folder = join(home, name);
  mkdirSync(folder);
  return await makeBuilderTree(folder, { node, runImage: RUN_IMAGE });
}

async function list(layer: NamedLayer): Promise<Header[]> {
  const found: Header[] = [];
  const tar = Readable.from([readFileSync(blobPath(join(home, "layout"), layer.descriptor.digest))]);
  for await (const entry of tar.pipe(extract())) {
    found.push(entry.header);
    entry.resume();
  }
  return found;
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "builder-tree-"));
  const node = join(home, "node");
  writeFileSync(node, "#!/bin/sh\n");
  // As strict as its maker likes: everybody runs it in the image.
  chmodSync(node, 0o700);
  tree = await make("one", node);
  layers = await tree.pack(join(home, "layout"));
  entries = Object.fromEntries(
    await Promise.all(layers.map(async (layer) => [layer.what, await list(layer)] as const)),
  );
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const all = () => Object.values(entries).flat();
const namesIn = (what: string) =>
  (entries[what] ?? []).map(({ name }) => `/${name}`.replace(/^\/+|\/$/g, ""));

describe("the tree of a builder image", () => {
  it("is in three layers, each of its own part, what changes less often first", () => {
    expect(layers.map(({ what }) => what)).toEqual(["Node.js", "lifecycle", "buildpacks"]);
    const top = (what: string) =>
      [...new Set(namesIn(what).map((name) => name.split("/")[1]))].filter(Boolean).toSorted();
    expect(top("Node.js")).toEqual(["node"]);
    expect(top("lifecycle")).toEqual(["conifer", "lifecycle", "run.toml"]);
    expect(top("buildpacks")).toEqual(["buildpacks", "order.toml"]);
  });

  it("has what pods and phases run", () => {
    const programs = [
      ...["analyzer", "detector", "restorer", "builder", "exporter"].map((name) => `cnb/lifecycle/${name}`),
      ...["cnb/conifer/pod.mjs", "cnb/conifer/take-turn"],
    ];
    expect(namesIn("lifecycle")).toEqual(expect.arrayContaining(programs));
    expect(namesIn("Node.js")).toContain("cnb/node/bin/node");
  });

  it("belongs to root, may be read by all, and is written to by nobody else", () => {
    for (const { name, uid, gid, mode = 0, type } of all()) {
      expect([name, uid, gid]).toEqual([name, 0, 0]);
      if (type === "symlink" || type === "link") continue;
      expect([name, [0o755, 0o644].includes(mode)]).toEqual([name, true]);
      if (type === "directory") expect([name, mode]).toEqual([name, 0o755]);
    }
    const node = entries["Node.js"]?.find(({ name }) => name.endsWith("cnb/node/bin/node"));
    expect(node?.mode).toBe(0o755);
  });

  it("leads nowhere out of the image, and tells nothing of where it was made", () => {
    for (const { name, linkname } of all()) {
      expect(name).not.toContain(home);
      expect(name.split("/")).not.toContain("..");
      expect(linkname ?? "").not.toContain(home);
      expect(name.split("/").some((part) => part.startsWith("."))).toBe(false);
    }
    for (const what of Object.keys(entries)) expect(new Set(namesIn(what)).size).toBe(namesIn(what).length);
  });

  it("names the run image, and each buildpack once, with its order", () => {
    const folder = join(home, "one");
    const runToml = parse(readFileSync(join(folder, "run.toml"), "utf8"));
    expect(runToml).toEqual({ images: [{ image: RUN_IMAGE }] });
    const ids = tree.buildpacks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, version, api } of tree.buildpacks) {
      const path = `buildpacks/${id.replace("/", "_")}/${version}/buildpack.toml`;
      expect([id, existsSync(join(folder, path))]).toEqual([id, true]);
      expect(namesIn("buildpacks")).toContain(`cnb/${path}`);
      expect(BUILDPACK_APIS).toContain(api);
    }
    const known = tree.buildpacks.map(({ id, version }) => `${id}@${version}`);
    const used = tree.order.flatMap(({ group }) => group.map(({ id, version }) => `${id}@${version}`));
    // The adapter of classic buildpacks takes part only around one that a source brings.
    const tried = known.filter((name) => !name.startsWith("conifer/classic@"));
    expect([...new Set(used)].toSorted()).toEqual(tried.toSorted());
    expect(parse(readFileSync(join(folder, "order.toml"), "utf8")).order).toEqual(tree.order);
    expect(tree.lifecycle).toMatchObject({ platformApis: PLATFORM_APIS, buildpackApis: BUILDPACK_APIS });
  });

  it("is the same wherever it is made, and another when a file is", async () => {
    const same = join(home, "same-node");
    writeFileSync(same, "#!/bin/sh\n");
    const again = await make("two", same);
    expect(again.content).toBe(tree.content);
    const repeated = await again.pack(join(home, "layout-two"));
    expect(repeated.map(({ diffId }) => diffId)).toEqual(layers.map(({ diffId }) => diffId));
    writeFileSync(same, "#!/bin/sh\nexit 1\n");
    const other = await make("three", same);
    expect(other.content).not.toBe(tree.content);
    const changed = await other.pack(join(home, "layout-three"));
    // Only what holds it is another layer: nodes have the others already.
    expect(changed.map(({ diffId }, n) => diffId === layers[n]?.diffId)).toEqual([false, true, true]);
  }, 120_000);

  it("is packed into layers that are what their digests say", () => {
    for (const { descriptor, diffId } of layers) {
      const bytes = readFileSync(blobPath(join(home, "layout"), descriptor.digest));
      expect(bytes.length).toBe(descriptor.size);
      expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(diffId);
    }
  });
});
