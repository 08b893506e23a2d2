import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import type { Header } from "tar-stream";
import {
  digestOf,
  hexOf,
  type ImageDocuments,
  type ImageInfo,
  type ImageStore,
  imageInfoOf,
  LABEL,
  readImageDocuments,
} from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { shellArgv } from "../../../runtime/dyno/index.ts";
import { type HostRelease, readPlainLayer } from "../../cnb/builds/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import { makeImageRoot, type RootLayer } from "./image-root.ts";
import { type ImageUser, readImageUser } from "./image-user.ts";
import { removeUntrusted } from "./trusted-folder.ts";

/** An image, ready to be run from. */
export interface UnpackedImage {
  readonly info: ImageInfo;
  /** Folders with the image's layers, the topmost first, as overlay takes them. Never to be written to. */
  readonly lowerDirs: readonly string[];
  /** The image brings its own root file system, and this is its user; missing when it stands on this machine's base. */
  readonly user?: ImageUser;
  /** The image's own environment, such as `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** The program and arguments that start a process type. Throws not-found texts for a type the image has not. */
  processArgv(type: string): readonly string[];
  /** The program and arguments that run a command line as a person types it: a shell, with `launcher` on PATH. */
  shellArgv(line: string): readonly string[];
}

export interface UnpackDependencies {
  readonly store: ImageStore;
  /** CONIFER_HOME/layers. */
  readonly folder: string;
  /** Who shall own the unpacked files; only when Conifer runs as root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** This machine, as images name it: what an image stands on must be of the same release. */
  readonly host: HostRelease;
}

const LIMITS = { bytes: 16 * 1024 ** 3, entries: 2_000_000 };
const WHITEOUT = ".wh.";
const run = promisify(execFile);

export type UnpackImage = (digest: string) => Promise<UnpackedImage>;

/**
 * Makes images ready to run. Each layer is unpacked once, under its diffID, aside and then renamed: a folder that is
 * there is whole. What was unpacked before this machine started last is not trusted, since none of it was synced to
 * disk. Any number of callers may ask for the same image.
 */
export async function openImageUnpacker(deps: UnpackDependencies): Promise<UnpackImage> {
  await mkdir(deps.folder, { recursive: true });
  await removeUntrusted(deps.folder);
  const underWay = new Map<string, Promise<string>>();
  const onceAtATime = (name: string, make: () => Promise<string>): Promise<string> => {
    const running = underWay.get(name);
    if (running) return running;
    const work = make().finally(() => underWay.delete(name));
    underWay.set(name, work);
    return work;
  };
  const layerFolder = ({ diffId, digest }: RootLayer) =>
    onceAtATime(diffId, () => unpackLayer(deps, diffId, digest));
  const rootFolder = (layers: readonly RootLayer[]) => {
    const name = `root-${hexOf(digestOf(layers.map(({ diffId }) => diffId).join(" ")))}`;
    return onceAtATime(name, () => unpackRoot(deps, name, layers));
  };
  return async (digest) => {
    const documents = await readImageDocuments(deps.store, digest);
    const ownRoot = bringsRoot(digest, documents);
    requireHost(documents, deps.host, ownRoot);
    const { diff_ids } = documents.config.rootfs;
    const layers = documents.manifest.layers.map((layer, i) => ({
      diffId: diff_ids[i] ?? "",
      digest: layer.digest,
    }));
    const run = runLayerCount(digest, documents);
    const folders = await Promise.all(layers.slice(run).map(layerFolder));
    if (!ownRoot) return describe(digest, documents, folders.toReversed());
    const root = await rootFolder(layers.slice(0, run));
    const user = await readImageUser(root, documents.config.config.User);
    return { ...describe(digest, documents, [...folders.toReversed(), root]), user };
  };
}

/** Run images of this name are made of this machine's release, whose base stands in for them. */
const OWN_RUN_IMAGE = /^conifer\/run(:|@|$)/;

/** Whether an app's image stands on a run image of others, and so on nothing of this machine's. */
function bringsRoot(digest: string, documents: ImageDocuments): boolean {
  const { name, topLayer } = imageInfoOf(digest, documents).runImage;
  return topLayer !== "" && !OWN_RUN_IMAGE.test(name);
}

function describe(digest: string, documents: ImageDocuments, lowerDirs: readonly string[]): UnpackedImage {
  const info = imageInfoOf(digest, documents);
  const { Env = [], WorkingDir = "/" } = documents.config.config;
  const env = Object.fromEntries(
    Env.map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]),
  );
  return {
    ...{ info, lowerDirs, env },
    workingDir: WorkingDir,
    processArgv(type) {
      const types = info.processes.map((process) => process.type);
      if (!types.includes(type))
        throw invalidParams(
          `The image has no process type "${type}". It has: ${types.join(", ") || "none"}.`,
        );
      return [`/cnb/process/${type}`];
    },
    shellArgv,
  };
}

/**
 * How many of the image's layers are its run image's. They are not unpacked: the machine's own base, which is of the same
 * release, stands in for them, as it would after a rebase.
 */
function runLayerCount(digest: string, documents: ImageDocuments): number {
  const { topLayer } = imageInfoOf(digest, documents).runImage;
  if (topLayer === "") return 0;
  const at = documents.config.rootfs.diff_ids.indexOf(topLayer);
  if (at === -1)
    throw invalidParams("The image does not hold the top layer of its run image. Build it again.");
  return at + 1;
}

/** What an app's image stands on, be it layers or a machine's own base, fits only machines of the same release. */
function requireHost({ manifest, config }: ImageDocuments, host: HostRelease, ownRoot: boolean): void {
  if (config.architecture !== host.architecture)
    throw invalidParams(
      `The image is for ${config.architecture} and this machine is ${host.architecture}. Build it again here.`,
    );
  const labels = config.config.Labels ?? {};
  const isApp = labels[LABEL.lifecycle] !== undefined;
  if (!isApp || ownRoot || manifest.layers.length === 0) return;
  const [name = "", version = ""] = [labels[LABEL.distroName], labels[LABEL.distroVersion]];
  if (name === host.distroName && version === host.distroVersion) return;
  throw invalidParams(
    `The image stands on ${name} ${version} and this machine is ${host.distroName} ${host.distroVersion}. ` +
      "Rebase it, or build it again here.",
  );
}

async function unpackLayer(deps: UnpackDependencies, diffId: string, digest: string): Promise<string> {
  const target = join(deps.folder, hexOf(diffId));
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

async function unpackRoot(
  deps: UnpackDependencies,
  name: string,
  layers: readonly RootLayer[],
): Promise<string> {
  const target = join(deps.folder, name);
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
