import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import type { ImageDocuments, ImageStore } from "../../../delivery/image/index.ts";
import { readPlainLayer } from "./layer-content.ts";

/** Texts of an image's files by path; undefined for one that is not there. What was not looked for long enough is missing. */
export type ImageFiles = ReadonlyMap<string, string | undefined>;

export interface WantedFiles {
  /** From the image's root, without a leading slash: `cnb/order.toml`. */
  readonly paths: readonly string[];
  /** Asked after each layer, the highest first: whether what was found is enough, so that lower layers are left alone. */
  readonly enough?: (found: ImageFiles) => boolean;
  /** Bytes of unpacked layers that are read at the most. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

const FILE_BYTES = 1024 * 1024;
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * Reads small files of an image that is not unpacked, from its highest layer down (image-spec 1.1, "Image Layer Filesystem
 * Changeset"). Of what a link leads to nothing is known: a link is no file here. Throws an Error for a layer that is not what
 * the image's config says, and for files or layers that are too large.
 */
export async function readImageFiles(
  { manifest, config }: ImageDocuments,
  store: Pick<ImageStore, "read">,
  { paths, enough = () => false, limitBytes, signal }: WantedFiles,
): Promise<ImageFiles> {
  const found = new Map<string, string | undefined>();
  let left = limitBytes;
  for (const [n, { digest }] of [...manifest.layers.entries()].reverse()) {
    if (enough(found) || paths.every((path) => found.has(path))) break;
    const diffId = config.rootfs.diff_ids[n] ?? "";
    const content = (await store.read(digest)) as AsyncIterable<Buffer>;
    const plain = counted(readPlainLayer(content, { diffId, limitBytes: left }), (bytes) => {
      left -= bytes;
    });
    const layer = await lookThrough(
      plain,
      paths.filter((path) => !found.has(path)),
      signal,
    );
    for (const [path, text] of layer) found.set(path, text);
  }
  return found;
}

async function* counted(parts: AsyncIterable<Buffer>, count: (bytes: number) => void) {
  for await (const part of parts) {
    count(part.length);
    yield part;
  }
}

/** What one layer says of the paths: a text, or that there is nothing below. */
async function lookThrough(
  plain: AsyncIterable<Buffer>,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string | undefined>> {
  const texts = new Map<string, string>();
  const hidden = new Set<string>();
  const tar = extract();
  const from = Readable.from(plain, { objectMode: false });
  const feeding = pipeline(from, tar as unknown as NodeJS.WritableStream, { signal });
  feeding.catch((thrown) => tar.destroy(thrown as Error));
  try {
    for await (const entry of tar) {
      const { name, type, size } = entry.header;
      const path = name.split("/").filter((part) => part !== "" && part !== ".");
      const isFile = type === "file" || type === "contiguous-file";
      for (const gone of hiddenBy(path, type === "directory", paths)) hidden.add(gone);
      if (isFile && paths.includes(path.join("/"))) {
        if (size > FILE_BYTES)
          throw new Error(`its file /${path.join("/")} is larger than ${FILE_BYTES} bytes`);
        texts.set(path.join("/"), (await buffer(entry as unknown as Readable)).toString());
      } else entry.resume();
    }
    await feeding;
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown;
  } finally {
    from.destroy();
  }
  return new Map([...[...hidden].map((path) => [path, undefined] as const), ...texts]);
}

/** Of the paths, those that lower layers have no say in any more. */
function hiddenBy(path: readonly string[], isFolder: boolean, paths: readonly string[]): readonly string[] {
  const name = path.at(-1) ?? "";
  const folder = path.slice(0, -1).join("/");
  const below = (of: string) => paths.filter((one) => of === "" || one.startsWith(`${of}/`));
  if (name === OPAQUE) return below(folder);
  const covered = name.startsWith(WHITEOUT)
    ? [...path.slice(0, -1), name.slice(WHITEOUT.length)].join("/")
    : path.join("/");
  if (isFolder && !name.startsWith(WHITEOUT)) return [];
  return [...below(covered), ...paths.filter((one) => one === covered)];
}
