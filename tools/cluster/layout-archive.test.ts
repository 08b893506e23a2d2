import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath, writeLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import {
  digestOf,
  encodeDocument,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciDescriptor,
} from "../../platform/src/delivery/image/index.ts";
import { fullImageName, readLayoutContent, writeLayoutArchive } from "./layout-archive.ts";

let layout: string;
beforeEach(() => {
  layout = mkdtempSync(join(tmpdir(), "layout-"));
});
afterEach(() => rmSync(layout, { recursive: true, force: true }));

function put(mediaType: string, document: object): OciDescriptor {
  const { bytes, descriptor } = encodeDocument(mediaType, document);
  writeFileSync(blobPath(layout, descriptor.digest), bytes);
  return descriptor;
}

async function image(architecture: string) {
  const { descriptor, diffId } = await writeLayer(layout, Readable.from([Buffer.from(architecture)]));
  const rootfs = { type: "layers", diff_ids: [diffId] };
  const config = put(MEDIA.config, { architecture, os: "linux", config: {}, rootfs });
  const manifest = put(MEDIA.manifest, makeManifest(config, [descriptor]));
  return {
    parts: [manifest, config, descriptor],
    entry: { ...manifest, platform: { architecture, os: "linux" } },
  };
}

function list(descriptor: OciDescriptor, name?: string): void {
  const annotations = name === undefined ? {} : { annotations: { "io.containerd.image.name": name } };
  writeFileSync(join(layout, "index.json"), JSON.stringify(makeIndex([{ ...descriptor, ...annotations }])));
}

async function read(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const entry of Readable.from([readFileSync(file)]).pipe(extract()))
    found.set(entry.header.name, (await buffer(entry)).toString());
  return found;
}

const blobsOf = (parts: readonly OciDescriptor[]) => parts.map(({ digest }) => digest).sort();

describe("an image in a layout", () => {
  it("is all of a single image", async () => {
    const { parts, entry } = await image("amd64");
    list(entry);
    const found = await readLayoutContent(layout, "amd64");
    expect(found).toMatchObject({ image: { digest: entry.digest }, name: undefined });
    expect(blobsOf(found.blobs)).toEqual(blobsOf(parts));
  });

  it("is of an index what a node can run, under the index's digest", async () => {
    const [amd64, arm64] = [await image("amd64"), await image("arm64")];
    const index = put(MEDIA.index, makeIndex([amd64.entry, arm64.entry]));
    list(index, "docker.io/a/b:c");
    const found = await readLayoutContent(layout, "arm64");
    expect(found).toMatchObject({ image: index, name: "docker.io/a/b:c" });
    expect(blobsOf(found.blobs)).toEqual(blobsOf([index, ...arm64.parts]));
    await expect(readLayoutContent(layout, "riscv64")).rejects.toThrow("is not for riscv64");
  });

  it("is refused when it is not there or not whole", async () => {
    await expect(readLayoutContent(layout, "amd64")).rejects.toThrow("ENOENT");
    writeFileSync(join(layout, "index.json"), JSON.stringify(makeIndex([])));
    await expect(readLayoutContent(layout, "amd64")).rejects.toThrow("names no image");
    const { entry } = await image("amd64");
    list(entry);
    writeFileSync(blobPath(layout, entry.digest), "{}");
    await expect(readLayoutContent(layout, "amd64")).rejects.toThrow("is not what its name says");
  });
});

describe("an archive of it", () => {
  it("holds its blobs and names it", async () => {
    const { parts, entry } = await image("amd64");
    list(entry);
    const file = join(layout, "image.tar");
    await writeLayoutArchive(layout, await readLayoutContent(layout, "amd64"), {
      name: "localhost/a:b",
      file,
    });
    const content = await read(file);
    const names = parts.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`);
    expect([...content.keys()].sort()).toEqual([...names, "index.json", "oci-layout"].sort());
    for (const { digest } of parts)
      expect(digestOf(content.get(`blobs/sha256/${digest.slice(7)}`) ?? "")).toBe(digest);
    expect(JSON.parse(content.get("index.json") ?? "").manifests).toEqual([
      { ...entry, annotations: { "io.containerd.image.name": "localhost/a:b" } },
    ]);
  });

  it("fails when a layer is missing, or the file is there already", async () => {
    const { parts, entry } = await image("amd64");
    list(entry);
    const found = await readLayoutContent(layout, "amd64");
    rmSync(blobPath(layout, parts[2]?.digest ?? ""));
    const file = join(layout, "image.tar");
    await expect(writeLayoutArchive(layout, found, { name: "a/b:c", file })).rejects.toThrow("ENOENT");
    await expect(writeLayoutArchive(layout, found, { name: "a/b:c", file })).rejects.toThrow("EEXIST");
  });
});

it.each([
  ["conifer/conifer:1", "docker.io/conifer/conifer:1"],
  ["app:1", "docker.io/library/app:1"],
  ["localhost/app:1", "localhost/app:1"],
  ["127.0.0.1:5000/app:1", "127.0.0.1:5000/app:1"],
  ["registry.example.com/a/b:1", "registry.example.com/a/b:1"],
])("%s is %s to the kubelet", (reference, wanted) => expect(fullImageName(reference)).toBe(wanted));
