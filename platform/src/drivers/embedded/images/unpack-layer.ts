import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import type { Header } from "tar-stream";
import { hexOf, type ImageStore } from "../../../delivery/image/index.ts";
import { readPlainLayer } from "../../cnb/builds/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import { makeImageRoot, type RootLayer } from "./image-root.ts";
import type { LayerUses } from "./layer-uses.ts";

/** Where layers come from and go. */
export interface UnpackSources {
  readonly store: ImageStore;
  /** CONIFER_HOME/layers. */
  readonly folder: string;
  /** Who shall own the unpacked files; only when Conifer runs as root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Told of every folder before it is looked for. Default: nobody removes any. */
  readonly uses?: LayerUses;
}

const LIMITS = { bytes: 16 * 1024 ** 3, entries: 2_000_000 };
const WHITEOUT = ".wh.";
const run = promisify(execFile);

/** Unpacks one layer, whose content must be what its diffID says, and returns its folder. */
export async function unpackLayer(deps: UnpackSources, diffId: string, digest: string): Promise<string> {
  const target = join(deps.folder, hexOf(diffId));
  deps.uses?.mark(hexOf(diffId));
  if (await isThere(target)) return target;
  const aside = join(deps.folder, `.${process.pid}-${randomUUID()}`);
  await mkdir(aside, { mode: 0o755 });
  try {
    const packed = (await deps.store.read(digest)) as AsyncIterable<Buffer>;
    const plain = readPlainLayer(packed, { diffId, limitBytes: 2 * LIMITS.bytes });
    await unpackTar(Readable.from(plain, { objectMode: false }), aside, {
      limits: LIMITS,
      ...(deps.owner ? { owner: deps.owner } : {}),
      special: (path, header) => makeWhiteout(aside, path, header),
    });
    await rename(aside, target);
  } catch (thrown) {
    if (!(await isThere(target))) throw thrown;
  } finally {
    await removeTree(aside);
  }
  return target;
}

/** Lays layers over each other in one folder, and returns it. */
export async function unpackRoot(
  deps: UnpackSources,
  name: string,
  layers: readonly RootLayer[],
): Promise<string> {
  const target = join(deps.folder, name);
  deps.uses?.mark(name);
  if (await isThere(target)) return target;
  const aside = join(deps.folder, `.${process.pid}-${randomUUID()}`);
  try {
    await makeImageRoot(layers, aside, `${aside}-layer`, { ...deps, limits: LIMITS });
    await rename(aside, target);
  } finally {
    await removeTree(aside);
  }
  return target;
}

/** A whiteout of the image format becomes one of overlay: a character device 0/0. */
async function makeWhiteout(root: string, path: string, header: Header): Promise<boolean> {
  const name = basename(path);
  if (!name.startsWith(WHITEOUT)) return false;
  if (name === `${WHITEOUT}${WHITEOUT}.opq`)
    throw new Error(`the layer hides the whole folder ${dirname(path)}, which is not supported`);
  if (header.type !== "file") throw new Error(`"${path}" is not a valid whiteout`);
  await run("mknod", [join(root, dirname(path), name.slice(WHITEOUT.length)), "c", "0", "0"]);
  return true;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
