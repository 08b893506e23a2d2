import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath, layersOf, layoutPath, readLayout, writeImage, writeLayer } from "./image-layout.ts";
import { digestOf, makeManifest, type OciConfig } from "./oci.ts";

describe("the path of a reference", () => {
  const cases: readonly [string, string][] = [
    ["registry.example/team/app:v1", "registry.example/team/app/v1"],
    ["registry.example:5000/app", "registry.example:5000/app/latest"],
    ["localhost/app:x", "localhost/app/x"],
    ["app", "index.docker.io/library/app/latest"],
    ["team/app:v1", "index.docker.io/team/app/v1"],
    [`r.example/app@sha256:${"a".repeat(64)}`, `r.example/app/sha256/${"a".repeat(64)}`],
  ];
  it.each(cases)("%s", (reference, path) => {
    expect(layoutPath("/layouts", reference)).toBe(`/layouts/${path}`);
  });
  const refused = [
    ...[
      "",
      "r.example/../x",
      "r.example//x",
      "r.example/x:..",
      "r.example/x:../../../etc",
      "r.example/x:a/b",
    ],
    ...["a:b:c", "a@", "a@sha256:../../x", "a@sha256:1@sha256:2", "a b", "a\\b", "a:", "a/", "/a"],
  ];
  it.each(refused)("refuses %j", (reference) => {
    expect(() => layoutPath("/layouts", reference)).toThrow("not an image reference");
  });

  it("never leaves the layout folder, and never takes two tags for one", () => {
    const word = fc
      .array(fc.constantFrom(..."ab.:/@-".split("")), { maxLength: 10 })
      .map((parts) => parts.join(""));
    const place = (reference: string) => {
      try {
        return layoutPath("/layouts", reference);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(word, word, (one, other) => {
        const [path, otherPath] = [place(`r.example/${one}`), place(`r.example/${other}`)];
        if (path) expect(path).toMatch(/^\/layouts\/r\.example\/[^/]/);
        const same = (text: string) => text.replace(/:latest$|^.*(?=@)/g, "");
        if (path && path === otherPath && !`${one}${other}`.includes("@"))
          expect(same(one)).toBe(same(other));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("an image on disk", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "layout-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const chunks = async function* (...texts: string[]) {
    for (const text of texts) yield Buffer.from(text);
  };
  const configOf = (diffIds: readonly string[]): OciConfig => ({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: diffIds },
  });

  it("is read back as it was written, with layers by diffID", async () => {
    const layer = await writeLayer(root, chunks("a layer", "'s content"));
    expect(layer).toMatchObject({ diffId: digestOf("a layer's content"), descriptor: { size: 17 } });
    const written = await writeImage(root, configOf([layer.diffId]), (of) =>
      makeManifest(of, [layer.descriptor]),
    );
    const image = await readLayout(root);
    expect(image?.digest).toBe(written.descriptor.digest);
    expect(image && [...layersOf(image).values()]).toEqual([layer]);
  });

  it("is nothing where there is no layout, and an error where a layout is broken", async () => {
    expect(await readLayout(join(root, "none"))).toBeUndefined();
    await mkdir(join(root, "broken"));
    await writeFile(join(root, "broken/index.json"), "{}");
    await expect(readLayout(join(root, "broken"))).rejects.toThrow("not a list");
    const { descriptor } = await writeImage(root, configOf([]), (of) => makeManifest(of, []));
    await writeFile(blobPath(root, descriptor.digest), "something else");
    await expect(readLayout(root)).rejects.toThrow("not what its name says");
  });

  it("has the digest of its content, in whatever pieces it comes", async () => {
    const piece = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const whole = Buffer.concat(pieces);
        const layer = await writeLayer(root, Readable.from(pieces.length > 0 ? pieces : [Buffer.alloc(0)]));
        expect(layer.descriptor).toMatchObject({ digest: digestOf(whole), size: whole.length });
        expect(await readFile(blobPath(root, layer.diffId))).toEqual(whole);
      }),
      { numRuns: 30 },
    );
    const large = Array.from({ length: 700 }, (_, i) => Buffer.alloc(4096, i));
    expect((await writeLayer(root, Readable.from(large))).diffId).toBe(digestOf(Buffer.concat(large)));
  });

  it("leaves nothing of a layer whose content ends with an error", async () => {
    const broken = async function* () {
      yield Buffer.alloc(3_000_000);
      throw new Error("the file went away");
    };
    await expect(writeLayer(root, broken())).rejects.toThrow("the file went away");
    expect(await readdir(join(root, "blobs/sha256"))).toEqual([]);
  });

  it("fails when its folder goes away while it is written, and does not bring the process down", async () => {
    const removing = async function* () {
      yield Buffer.from("a");
      await rm(join(root, "blobs"), { recursive: true });
      yield Buffer.from("b");
    };
    await expect(writeLayer(root, removing())).rejects.toThrow("ENOENT");
  });

  it("is the same layer when two write it at once", async () => {
    const made = await Promise.all([1, 2, 3].map(() => writeLayer(root, chunks("same"))));
    expect(new Set(made.map(({ diffId }) => diffId)).size).toBe(1);
    expect(await readdir(join(root, "blobs/sha256"))).toHaveLength(1);
  });
});
