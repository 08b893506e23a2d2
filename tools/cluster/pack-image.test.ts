import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer, json } from "node:stream/consumers";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packImage } from "./pack-image.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-image-"));
  writeFileSync(join(folder, "program"), "#!/bin/sh\n");
  chmodSync(join(folder, "program"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly type: string;
  readonly mode: number;
  readonly link: string | undefined;
  readonly content: Buffer;
}

async function read(archive: Buffer): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  for await (const entry of Readable.from([archive]).pipe(extract())) {
    const { name, type, mode, linkname } = entry.header;
    expect(found.has(name)).toBe(false);
    found.set(name, {
      type: type ?? "",
      mode: mode ?? 0,
      link: linkname ?? undefined,
      content: await buffer(entry),
    });
  }
  return found;
}

interface Described {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
}

/** Follows the digests from the index to the layer, checking each. */
async function follow(archive: Buffer) {
  const files = await read(archive);
  const parse = <T>(content: Buffer) => json(Readable.from([content])) as Promise<T>;
  const blob = ({ digest, size }: Described) => {
    const content = files.get(`blobs/${digest.replace(":", "/")}`)?.content ?? Buffer.alloc(0);
    expect(content.length).toBe(size);
    expect(`sha256:${createHash("sha256").update(content).digest("hex")}`).toBe(digest);
    return content;
  };
  const index = await parse<{ manifests: Described[] }>(files.get("index.json")?.content ?? Buffer.alloc(0));
  const [top] = index.manifests;
  if (!top) throw new Error("no manifest");
  const manifest = await parse<{ config: Described; layers: Described[] }>(blob(top));
  const config = await parse<{ config: { Entrypoint: string[] }; rootfs: { diff_ids: string[] } }>(
    blob(manifest.config),
  );
  expect(config.rootfs.diff_ids).toEqual(manifest.layers.map(({ digest }) => digest));
  const [layer] = manifest.layers;
  if (!layer) throw new Error("no layer");
  return { top, config, layer: await read(blob(layer)) };
}

describe("an image of files", () => {
  test("has its name, its first file as program, and the folders on the way", async () => {
    const files = [{ source: join(folder, "program"), target: "/usr/bin/app" }];
    const { top, config, layer } = await follow(await packImage("localhost/app:dev", files));
    expect(top.annotations).toEqual({ "io.containerd.image.name": "localhost/app:dev" });
    expect(config.config.Entrypoint).toEqual(["/usr/bin/app"]);
    expect([...layer.keys()]).toEqual(["tmp/", "usr/", "usr/bin/", "usr/bin/app"]);
    expect(layer.get("tmp/")?.mode).toBe(0o1777);
    expect(layer.get("usr/bin/app")).toMatchObject({ type: "file", mode: 0o755 });
    expect(layer.get("usr/bin/app")?.content.toString()).toBe("#!/bin/sh\n");
  });

  test("takes folders whole, links as links", async () => {
    mkdirSync(join(folder, "tree/below"), { recursive: true });
    writeFileSync(join(folder, "tree/below/file"), "text");
    symlinkSync("below/file", join(folder, "tree/link"));
    const files = [{ source: join(folder, "tree"), target: "/srv" }];
    const { layer } = await follow(await packImage("localhost/tree:dev", files));
    expect([...layer.keys()]).toEqual(["tmp/", "srv/", "srv/below/", "srv/below/file", "srv/link"]);
    expect(layer.get("srv/link")).toMatchObject({ type: "symlink", link: "below/file" });
  });

  test("is the same bytes for the same files", async () => {
    const files = [{ source: join(folder, "program"), target: "/app" }];
    const [one, two] = await Promise.all([packImage("a/b:c", files), packImage("a/b:c", files)]);
    expect(one.equals(two)).toBe(true);
  });

  test("of a file that is not there is an error that names it", async () => {
    const missing = [{ source: join(folder, "missing"), target: "/app" }];
    await expect(packImage("a/b:c", missing)).rejects.toThrow(/ENOENT.*missing/);
  });
});
