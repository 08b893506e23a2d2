import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeDocument, MEDIA, makeManifest, packLayer } from "../../../delivery/image/index.ts";
import { openDiskImageStore } from "./disk-image-store.ts";
import { findTool } from "./image-tools-fixtures.ts";

const run = promisify(execFile);

const missing = findTool("skopeo", ["skopeo"]);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "skopeo-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it.skipIf(missing)(
  `reads the images of a store and copies them whole${missing ? ` (${missing})` : ""}`,
  async () => {
    const store = await openDiskImageStore(join(root, "images"));
    const content = Buffer.from("hello");
    const entries = [
      { kind: "file" as const, path: "/workspace/page", mode: 0o644, content, size: content.length },
    ];
    const layer = await store.write(await buffer(packLayer(entries, { uid: 1000, gid: 1000 })));
    const config = encodeDocument(MEDIA.config, {
      architecture: "amd64",
      os: "linux",
      config: { Labels: { a: "b" }, Env: ["PATH=/bin"] },
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    });
    await store.write(config.bytes);
    const descriptor = { mediaType: MEDIA.layer, digest: layer.digest, size: layer.sizeBytes };
    const manifest = await store.write(
      encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, [descriptor])).bytes,
    );
    const name = "2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11:latest";
    await store.tag(name, manifest.digest);

    const { stdout } = await run("skopeo", ["inspect", `oci:${join(root, "images")}:${name}`]);
    expect(JSON.parse(stdout)).toMatchObject({
      Digest: manifest.digest,
      Architecture: "amd64",
      Labels: { a: "b" },
      Layers: [layer.digest],
    });
    await run("skopeo", [
      "copy",
      "--insecure-policy",
      `oci:${join(root, "images")}:${name}`,
      `oci:${join(root, "copy")}:latest`,
    ]);
    const copied = await run("skopeo", ["inspect", "--raw", `oci:${join(root, "copy")}:latest`]);
    expect(JSON.parse(copied.stdout).config.digest).toBe(config.descriptor.digest);
  },
);
