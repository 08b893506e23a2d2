import { linkSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  blobPath,
  type LayoutImage,
  readLayout,
  writeImage,
  writeLayer,
} from "../../buildpacks/lifecycle/image-layout.ts";
import {
  type LayerEntry,
  MEDIA,
  makeManifest,
  type OciConfig,
  packLayer,
  parseIndex,
} from "../../platform/src/delivery/image/index.ts";

/** An image in a layout of its own, which shares the files of another. */
interface DerivedImage {
  /** Files of a layer above the others, by path; those in a folder `bin` are programs. */
  readonly files: Readonly<Record<string, string>>;
  readonly config: (of: OciConfig["config"]) => OciConfig["config"];
}

export async function deriveImage(from: string, to: string, { files, config }: DerivedImage): Promise<void> {
  const image = await readLayout(from);
  if (!image) throw new Error(`${from} holds no image`);
  mkdirSync(join(to, "blobs/sha256"), { recursive: true });
  for (const name of readdirSync(join(from, "blobs/sha256")))
    linkSync(join(from, "blobs/sha256", name), blobPath(to, `sha256:${name}`));
  const base = image.config;
  const added = Object.keys(files).length > 0 ? await addLayer(to, image, files) : image;
  const made = { ...base, rootfs: added.config.rootfs, config: config(base.config) };
  await writeImage(to, made, (of) => makeManifest(of, added.manifest.layers));
}

async function addLayer(to: string, { config, manifest }: LayoutImage, files: DerivedImage["files"]) {
  const folders = new Set(Object.keys(files).flatMap(foldersAbove));
  const entries: LayerEntry[] = [
    ...[...folders].sort().map((path): LayerEntry => ({ kind: "directory", path, mode: 0o755 })),
    ...Object.entries(files).map(([path, text]): LayerEntry => {
      const content = Buffer.from(text);
      const mode = path.includes("/bin/") ? 0o755 : 0o644;
      return { kind: "file", path, mode, content, size: content.length };
    }),
  ];
  const { diffId, descriptor } = await writeLayer(to, packLayer(entries, { uid: 0, gid: 0 }));
  const rootfs = { type: "layers" as const, diff_ids: [...config.rootfs.diff_ids, diffId] };
  return {
    config: { ...config, rootfs },
    manifest: { ...manifest, layers: [...manifest.layers, descriptor] },
  };
}

/** `/a/b/c` lies in `/a` and `/a/b`. */
function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, n) => `/${parts.slice(0, n + 1).join("/")}`);
}

/** A registry of somebody else's, which shows its images, layouts by `<repository>:<tag>`, to one user only. */
export async function serveLayouts(
  layouts: Readonly<Record<string, string>>,
  login: { readonly username: string; readonly password: string },
): Promise<{ readonly host: string; readonly refused: () => number; stop(): Promise<void> }> {
  const wanted = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  let refused = 0;
  const server = createServer((request, response) => {
    const [, repository = "", kind, reference = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (request.headers.authorization !== wanted) {
      refused += 1;
      response.writeHead(401, { "www-authenticate": 'Basic realm="acme"' }).end();
      return;
    }
    const layout = Object.entries(layouts).find(([name]) => name.startsWith(`${repository}:`))?.[1];
    const named = layouts[`${repository}:${reference}`];
    const digest = named
      ? parseIndex(readFileSync(join(named, "index.json"))).manifests[0]?.digest
      : reference;
    try {
      const bytes = readFileSync(blobPath(layout ?? "", digest ?? ""));
      const type = kind === "manifests" ? MEDIA.manifest : "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-length": bytes.length }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: () => refused,
    stop: async () => {
      const closed = new Promise<unknown>((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
