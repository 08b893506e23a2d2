import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  it.each([[""], ["r.example/../x"], ["r.example//x"], ["r.example/x:.."]])("refuses %s", (reference) => {
    expect(() => layoutPath("/layouts", reference)).toThrow("not an image reference");
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
});
