import { chmodSync, type Dirent, lstatSync, readlinkSync, renameSync, type Stats } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { Readable } from "node:stream";
import type { Header } from "tar-stream";
import type { ImageStore } from "../../../delivery/image/index.ts";
import { readPlainLayer } from "../../cnb/builds/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";

export interface RootLayer {
  readonly digest: string;
  readonly diffId: string;
}

export interface RootOptions {
  readonly store: Pick<ImageStore, "read">;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly limits: { readonly bytes: number; readonly entries: number };
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
const MOST_HOPS = 10;

/** What a layer takes away from those below it, by path. */
interface Removals {
  readonly files: string[];
  readonly contents: string[];
}

/**
 * Puts the root file system that these layers make, from the lowest up, into a folder (image-spec, "Applying Changesets").
 * Each layer is unpacked by itself, following no link, and then laid over the others by renaming. `work` is a folder beside
 * it that does not exist; it is removed. Returns how many bytes the layers' tars have. Throws for a layer that is not what
 * the image says, or no good tar.
 */
export async function makeImageRoot(
  layers: readonly RootLayer[],
  into: string,
  work: string,
  options: RootOptions,
): Promise<number> {
  await mkdir(into, { recursive: true, mode: 0o755 });
  let { bytes } = options.limits;
  for (const layer of layers) {
    await mkdir(work, { mode: 0o755 });
    try {
      const removals: Removals = { files: [], contents: [] };
      const limits = { ...options.limits, bytes };
      const plain = readPlainLayer((await options.store.read(layer.digest)) as AsyncIterable<Buffer>, {
        ...{ diffId: layer.diffId, limitBytes: bytes * 2 },
      });
      const counted = async function* () {
        for await (const part of plain) {
          bytes -= part.length;
          yield part;
        }
      };
      await unpackTar(Readable.from(counted(), { objectMode: false }), work, {
        limits,
        ...(options.owner ? { owner: options.owner } : {}),
        special: async (path, header) => isRemoval(path, header, removals),
      });
      await layOver(work, into, removals);
    } finally {
      await removeTree(work);
    }
  }
  return options.limits.bytes - bytes;
}

function isRemoval(path: string, header: Header, { files, contents }: Removals): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!name.startsWith(WHITEOUT)) return false;
  const hidden = name.slice(WHITEOUT.length);
  if (header.type !== "file" || ["", ".", ".."].includes(hidden))
    throw new Error(`"${path}" is not a valid whiteout`);
  const folder = dirname(path);
  if (name === OPAQUE) contents.push(folder);
  else files.push(join(folder, hidden));
  return true;
}

/** Lays an unpacked layer over a root: what it removes goes first, then what it has takes its place. */
async function layOver(layer: string, root: string, { files, contents }: Removals): Promise<void> {
  for (const path of contents) {
    const folder = realPlace(root, path);
    if (!statsOf(folder)?.isDirectory()) continue;
    for (const name of await readdir(folder)) await removeTree(join(folder, name));
  }
  for (const path of files)
    await removeTree(join(realPlace(root, dirname(path)), path.slice(path.lastIndexOf("/") + 1)));
  await merge(layer, root, root);
}

async function merge(from: string, to: string, root: string): Promise<void> {
  makeWritable(to);
  for (const entry of await readdir(from, { withFileTypes: true })) moveEntry(entry, { from, to });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const { name } = entry;
    const target = join(to, name);
    const place = statsOf(target)?.isSymbolicLink() ? folderBehind(root, target) : target;
    if (entry.isDirectory() && place && statsOf(place)?.isDirectory()) {
      const { mode } = lstatSync(join(from, name));
      await merge(join(from, name), place, root);
      chmodSync(place, (mode & 0o777) | 0o700);
    } else {
      await removeTree(target);
      renameSync(join(from, name), target);
    }
  }
}

/** Moves what has its place free, or takes the place of a file. Folders that meet others are left for the merge. */
function moveEntry(entry: Dirent, { from, to }: { readonly from: string; readonly to: string }): void {
  const [source, target] = [join(from, entry.name), join(to, entry.name)];
  const there = statsOf(target);
  if (entry.isDirectory()) makeWritable(source);
  if (!there || (!entry.isDirectory() && !there.isDirectory())) renameSync(source, target);
}

/** A folder that only its owner may change must be changed by us, whoever we are. */
function makeWritable(folder: string): void {
  const { mode } = lstatSync(folder);
  if ((mode & 0o700) !== 0o700) chmodSync(folder, (mode & 0o777) | 0o700);
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** A path of the image as a place of this machine, with folders that are links followed within the root. */
function realPlace(root: string, path: string): string {
  let at = root;
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const next = join(at, name);
    at = statsOf(next)?.isSymbolicLink() ? (folderBehind(root, next) ?? next) : next;
  }
  return at;
}

/** The folder of the root to which a link leads; undefined when it leads to none. Nothing outside the root is reached. */
function folderBehind(root: string, link: string): string | undefined {
  let at = link;
  for (let hops = 0; hops < MOST_HOPS; hops += 1) {
    const stats = statsOf(at);
    if (!stats?.isSymbolicLink()) return stats?.isDirectory() ? at : undefined;
    const target = readlinkSync(at);
    const inside = target.startsWith("/") ? target : join(dirname(at).slice(root.length), target);
    at = walk(root, normalize(join("/", inside))) ?? "";
    if (at === "") return undefined;
  }
  return undefined;
}

/** A path whose folders are no links; the last may be one. */
function walk(root: string, path: string): string | undefined {
  const names = path.split("/").filter(Boolean);
  let at = root;
  for (const [n, name] of names.entries()) {
    at = join(at, name);
    if (n < names.length - 1 && !statsOf(at)?.isDirectory()) return undefined;
  }
  return at;
}
