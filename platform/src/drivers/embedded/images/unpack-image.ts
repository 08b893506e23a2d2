import { mkdir } from "node:fs/promises";
import {
  digestOf,
  hexOf,
  type ImageDocuments,
  type ImageInfo,
  imageInfoOf,
  LABEL,
  readImageDocuments,
  readPlatforms,
} from "../../../delivery/image/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { shellArgv } from "../../../runtime/dyno/index.ts";
import type { HostRelease, ImageUser } from "../../cnb/builds/index.ts";
import type { RootLayer } from "./image-root.ts";
import { readImageUser } from "./read-image-user.ts";
import { removeUntrusted } from "./trusted-folder.ts";
import { hasFile, unpackWhole } from "./unpack-container.ts";
import { type UnpackSources, unpackLayer, unpackRoot } from "./unpack-layer.ts";

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
  /** The program that a container image names, with its arguments. Throws for a shell that the image has not. */
  programArgv(argv: readonly string[]): readonly string[];
  /** The program and arguments that run a command line as a person types it: a shell, with `launcher` on PATH. */
  shellArgv(line: string): readonly string[];
  /** Says that nothing is run from it any more. Its folders stay until then, and for a time. */
  giveBack(): void;
}

export interface UnpackDependencies extends UnpackSources {
  /** This machine, as images name it: what an image stands on must be of the same release. */
  readonly host: HostRelease;
}

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
  const layerFolder = ({ diffId, digest }: RootLayer) =>
    once(diffId, () => unpackLayer(deps, diffId, digest));
  const rootFolder = (layers: readonly RootLayer[]) => {
    const name = `root-${hexOf(digestOf(layers.map(({ diffId }) => diffId).join(" ")))}`;
    return once(name, () => unpackRoot(deps, name, layers));
  };
  const unpack = async (named: string, whole: boolean) => {
    const digest = await forHost(named, deps);
    const documents = await readImageDocuments(deps.store, digest);
    requireArchitecture(documents, deps.host);
    if (whole) return describeWhole(digest, documents, await unpackWhole(documents.manifest, deps, once));
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
  return async (named, whole = false) => {
    const image = await unpack(named, whole);
    return { ...image, giveBack: deps.uses?.take(image.lowerDirs) ?? (() => {}) };
  };
}

/** Run images of this name are made of this machine's release, whose base stands in for them. */
const OWN_RUN_IMAGE = /^conifer\/run(:|@|$)/;

/** Whether an app's image stands on a run image of others, and so on nothing of this machine's. */
function bringsRoot(digest: string, documents: ImageDocuments): boolean {
  const { name, topLayer } = imageInfoOf(digest, documents).runImage;
  return topLayer !== "" && !OWN_RUN_IMAGE.test(name);
}

type Unpacked = Omit<UnpackedImage, "giveBack">;

/** What holds for every image: its variables, and where its programs begin. */
function settingsOf({ config: { Env, WorkingDir } }: ImageDocuments["config"]) {
  const pairs = (Env ?? []).map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]);
  return { env: Object.fromEntries(pairs) as Record<string, string>, workingDir: WorkingDir || "/" };
}

function describeWhole(digest: string, documents: ImageDocuments, lowerDirs: readonly string[]): Unpacked {
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

function describe(digest: string, documents: ImageDocuments, lowerDirs: readonly string[]): Unpacked {
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

/** Of an index the image for this machine; where it has none, any that tells whom it is for. */
async function forHost(digest: string, { store, host }: UnpackDependencies): Promise<string> {
  const platforms = await readPlatforms(store, digest);
  const fitting = platforms.find(({ architecture }) => architecture === host.architecture);
  return (fitting ?? platforms[0])?.digest ?? digest;
}

function requireArchitecture({ config }: ImageDocuments, host: HostRelease): void {
  if (config.architecture === host.architecture) return;
  throw invalidParams(
    `The image is for ${config.architecture} and this machine is ${host.architecture}. Build it again here.`,
  );
}

/** What an app's image stands on, be it layers or a machine's own base, fits only machines of the same release. */
function requireHost({ manifest, config }: ImageDocuments, host: HostRelease, ownRoot: boolean): void {
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
