import { type Pack, pack } from "tar-stream";

/** One thing in a layer. `path` is absolute in the image, without a `/` at its end; `owner` is the layer's by default. */
export type LayerEntry = { readonly path: string; readonly mode: number; readonly owner?: LayerOwner } & (
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly content: Buffer | (() => AsyncIterable<Buffer>); readonly size: number }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "link"; readonly target: string }
);

export interface LayerOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The one modification time of all files in layers: the first second of 1980, as other lifecycles write it. */
export const LAYER_TIME = new Date(315_532_801_000);

/**
 * Packs entries into an uncompressed layer tar. The same entries in the same order give the same bytes: names of
 * users, times and device numbers do not go in. The caller sorts, and lists a folder before what is in it.
 */
export async function* packLayer(
  entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>,
  owner: LayerOwner,
): AsyncGenerator<Buffer> {
  const tar = pack();
  const feeding = feed(tar, entries, owner).catch((thrown) => tar.destroy(thrown as Error));
  for await (const chunk of tar as AsyncIterable<Buffer>) yield chunk;
  await feeding;
}

async function feed(
  tar: Pack,
  entries: AsyncIterable<LayerEntry> | Iterable<LayerEntry>,
  owner: LayerOwner,
): Promise<void> {
  for await (const entry of entries) await add(tar, entry, owner);
  tar.finalize();
}

function add(tar: Pack, entry: LayerEntry, owner: LayerOwner): Promise<void> {
  const { uid, gid } = entry.owner ?? owner;
  const common = { mode: entry.mode & 0o7777, mtime: LAYER_TIME, uid, gid };
  const name = entry.path.slice(1);
  return new Promise((resolve, reject) => {
    const end = (failure?: Error | null) => (failure ? reject(failure) : resolve());
    if (entry.kind === "directory")
      return void tar.entry({ ...common, name: `${name}/`, type: "directory" }, end);
    if (entry.kind === "symlink")
      return void tar.entry({ ...common, name, type: "symlink", linkname: entry.target }, end);
    if (entry.kind === "link")
      return void tar.entry({ ...common, name, type: "link", linkname: entry.target.slice(1) }, end);
    if (Buffer.isBuffer(entry.content))
      return void tar.entry({ ...common, name, type: "file" }, entry.content, end);
    const sink = tar.entry({ ...common, name, type: "file", size: entry.size }, end);
    sink.on("error", reject);
    pour(entry.content(), sink).catch((thrown) => sink.destroy(thrown as Error));
  });
}

async function pour(content: AsyncIterable<Buffer>, sink: ReturnType<Pack["entry"]>): Promise<void> {
  for await (const chunk of content) {
    if (!sink.write(chunk)) await new Promise<void>((resolve) => sink.once("drain", resolve));
  }
  sink.end(null);
}
