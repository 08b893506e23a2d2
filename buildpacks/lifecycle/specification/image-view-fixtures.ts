import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import type { LifecycleMetadata } from "../analyzed-file.ts";
import { blobPath, readLayout } from "../image-layout.ts";
import { LABEL, type OciConfig } from "../oci.ts";

/** Something in a layer. */
export interface ViewedFile {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly time: Date;
  readonly target: string;
  readonly content: string;
}

/** A layer, as far as its content is there. */
export interface ViewedLayer {
  readonly diffId: string;
  readonly files: readonly ViewedFile[];
}

/** An image in a layout, taken apart. */
export interface ImageView {
  readonly digest: string;
  readonly size: number;
  readonly config: OciConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly metadata: LifecycleMetadata;
  /** Content of the build's label. */
  readonly build: {
    readonly processes: Tables;
    readonly buildpacks: Tables;
    readonly launcher: { version: string };
  };
  readonly layers: readonly ViewedLayer[];
  readonly processTypes: readonly string[];
  /** The file at a path, of the topmost layer that has it. */
  file(path: string): ViewedFile | undefined;
  /** The layer of a digest. */
  layer(diffId: string | undefined): ViewedLayer | undefined;
  unpack(to: string): Promise<void>;
}

type Tables = readonly Readonly<Record<string, unknown>>[];

export async function readImageView(layout: string): Promise<ImageView> {
  const image = await readLayout(layout);
  if (!image) throw new Error(`there is no image at ${layout}`);
  const { config, manifest, digest } = image;
  const layers: ViewedLayer[] = [];
  for (const [i, diffId] of config.rootfs.diff_ids.entries())
    layers.push({ diffId, files: await readFiles(blobPath(layout, manifest.layers[i]?.digest ?? "")) });
  const labels = config.config.Labels ?? {};
  const file = (path: string) =>
    layers.flatMap(({ files }) => files.filter((one) => one.path === path)).at(-1);
  return {
    ...{ digest, config, labels, layers, file },
    size: (await readFile(blobPath(layout, digest))).length,
    env: Object.fromEntries((config.config.Env ?? []).map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
    metadata: JSON.parse(labels[LABEL.lifecycle] ?? "{}"),
    build: JSON.parse(labels[LABEL.build] ?? "{}"),
    processTypes: layers
      .flatMap(({ files }) => files)
      .flatMap(({ path, type }) =>
        type === "symlink" ? (/^\/cnb\/process\/([^/]+)$/.exec(path)?.[1] ?? []) : [],
      ),
    layer: (diffId) => layers.find((one) => one.diffId === diffId),
    async unpack(to) {
      for (const { files } of layers) for (const one of files) await unpackFile(one, to);
    },
  };
}

async function unpackFile({ path, type, mode, content }: ViewedFile, to: string): Promise<void> {
  const target = join(to, path);
  if (type === "directory") await mkdir(target, { recursive: true });
  if (type !== "file") return;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content, { encoding: "latin1", mode });
}

/** Of a layer whose content is elsewhere there is nothing to be read. */
async function readFiles(blob: string): Promise<ViewedFile[]> {
  const packed = await readFile(blob).catch(() => undefined);
  if (!packed) return [];
  const tar = extract();
  Readable.from([packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed) : packed]).pipe(tar);
  const files: ViewedFile[] = [];
  for await (const entry of tar) {
    const { name, type, mode = 0, mtime, linkname } = entry.header;
    const content = (await buffer(entry as unknown as AsyncIterable<Buffer>)).toString("latin1");
    const path = `/${name}`.replace(/^\/+/, "/").replace(/(.)\/$/, "$1");
    files.push({ path, type: type ?? "", mode, time: mtime ?? new Date(0), target: linkname ?? "", content });
  }
  return files;
}
