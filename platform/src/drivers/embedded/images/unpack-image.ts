import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Header } from "tar-stream";
import {
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
import type { HostRelease } from "../../cnb/builds/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import { hasFile, unpackWhole } from "./unpack-container.ts";

/** An image, ready to be run from. */
export interface UnpackedImage {
  readonly info: ImageInfo;
  /** Folders with the image's layers, the topmost first, as overlay takes them. Never to be written to. */
  readonly lowerDirs: readonly string[];
  /** The image's own environment, such as `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** The program and arguments that start a process type. Throws not-found texts for a type the image has not. */
  processArgv(type: string): readonly string[];
  /** The program that a container image names, with its arguments. Throws for a shell that the image has not. */
  programArgv(argv: readonly string[]): readonly string[];
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

/** `whole`: all of its layers, whoever made them, as the only files that its programs will see. */
export type UnpackImage = (digest: string, whole?: boolean) => Promise<UnpackedImage>;

/**
 * Makes images ready to run. Each layer is unpacked once, under its diffID, aside and then renamed: a folder that is
 * there is whole. What was unpacked before this machine started last is not trusted, since none of it was synced to
 * disk. Any number of callers may ask for the same image.
 */
export async function openImageUnpacker(deps: UnpackDependencies): Promise<UnpackImage> {
  await mkdir(deps.folder, { recursive: true });
  await removeUntrusted(deps.folder);
  const underWay = new Map<string, Promise<string>>();
  const once = (name: string, work: () => Promise<string>): Promise<string> => {
    const running = underWay.get(name) ?? work().finally(() => underWay.delete(name));
    underWay.set(name, running);
    return running;
  };
  const layerFolder = (diffId: string, digest: string): Promise<string> =>
    once(diffId, () => unpackLayer(deps, diffId, digest));
  return async (digest, whole = false) => {
    const documents = await readImageDocuments(deps.store, digest);
    requireArchitecture(documents, deps.host);
    if (whole) return describeWhole(digest, documents, await unpackWhole(documents.manifest, deps, once));
    requireHost(documents, deps.host);
    const { diff_ids } = documents.config.rootfs;
    const layers = documents.manifest.layers.map((layer, i) => ({
      diffId: diff_ids[i] ?? "",
      digest: layer.digest,
    }));
    const own = layers.slice(runLayerCount(digest, documents));
    const folders = await Promise.all(own.map((layer) => layerFolder(layer.diffId, layer.digest)));
    return describe(digest, documents, folders.toReversed());
  };
}

/** What holds for every image: its variables, and where its programs begin. */
function settingsOf({ config: { Env, WorkingDir } }: ImageDocuments["config"]) {
  const pairs = (Env ?? []).map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]);
  return { env: Object.fromEntries(pairs) as Record<string, string>, workingDir: WorkingDir || "/" };
}

function describeWhole(
  digest: string,
  documents: ImageDocuments,
  lowerDirs: readonly string[],
): UnpackedImage {
  const hasShell = hasFile(lowerDirs, ["bin", "sh"]) || hasFile(lowerDirs, ["usr", "bin", "sh"]);
  const withShell = (argv: readonly string[]) => {
    if (hasShell || argv[0] !== "/bin/sh") return argv;
    throw invalidParams(
      'The image has no shell (/bin/sh), which this command needs. Give its ENTRYPOINT or CMD as a list, such as CMD ["/server"], and name no variables in it.',
    );
  };
  return {
    info: { ...imageInfoOf(digest, documents), processes: [] },
    lowerDirs,
    ...settingsOf(documents.config),
    processArgv: () => {
      throw invalidParams("A container image has no process types of its own.");
    },
    programArgv: withShell,
    shellArgv: (line) => withShell(shellArgv(line)),
  };
}

function describe(digest: string, documents: ImageDocuments, lowerDirs: readonly string[]): UnpackedImage {
  const info = imageInfoOf(digest, documents);
  return {
    ...{ info, lowerDirs },
    ...settingsOf(documents.config),
    programArgv: (argv) => argv,
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

function requireArchitecture({ config }: ImageDocuments, host: HostRelease): void {
  if (config.architecture === host.architecture) return;
  throw invalidParams(
    `The image is for ${config.architecture} and this machine is ${host.architecture}. Build it again here.`,
  );
}

/** What an app's image stands on, be it layers or a machine's own base, fits only machines of the same release. */
function requireHost({ manifest, config }: ImageDocuments, host: HostRelease): void {
  const labels = config.config.Labels ?? {};
  const isApp = labels[LABEL.lifecycle] !== undefined;
  if (!isApp || manifest.layers.length === 0) return;
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
    await unpackTar(await deps.store.read(digest), aside, {
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

/** Removes unfinished work of processes that were killed, and everything when the machine has been restarted. */
async function removeUntrusted(folder: string): Promise<void> {
  const mark = join(folder, ".boot");
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "unknown");
  const same = (await readFile(mark, "utf8").catch(() => "")) === boot;
  for (const name of await readdir(folder)) {
    if (name === ".boot" || (same && !name.startsWith("."))) continue;
    await removeTree(join(folder, name));
  }
  await writeFile(mark, boot);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
