import { constants } from "node:fs";
import { chmod, chown, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { BuildSpec } from "../../../delivery/build/index.ts";
import {
  findPlatform,
  type ImageStore,
  parseConfig,
  readImageDocuments,
} from "../../../delivery/image/index.ts";
import type { SourceStore } from "../../../delivery/source/index.ts";
import { unpackTar } from "../../files/trees/index.ts";
import { operatorFiles, userFiles } from "./build-environment.ts";
import { type BuilderChoice, type BuildGround, groundOf } from "./build-ground.ts";
import { makeOrder } from "./buildpack-order.ts";
import { filterSource } from "./filter-source.ts";
import { type BuildpackFetching, placeBuildpacks } from "./place-buildpacks.ts";
import {
  type Architecture,
  DESCRIPTOR_FILE,
  DESCRIPTOR_LIMIT,
  ownBuildpacks,
  type ProjectDescriptor,
  readProjectDescriptor,
} from "./project-descriptor.ts";
import { LAYOUTS, writeSparseLayout } from "./run-image.ts";

/** What a build's folder is filled from; of the ground is what the platform's own builder brings. */
export interface FolderSources extends BuildGround, BuilderChoice {
  readonly sources: Pick<SourceStore, "read">;
  readonly images: Pick<ImageStore, "has" | "read">;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly runtimeSources: readonly string[];
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  readonly sourceLimits: { readonly bytes: number; readonly entries: number };
  readonly fetching: BuildpackFetching;
}

/** The folders of one build as the lifecycle's phases are given them. */
export interface FilledFolder {
  readonly workspace: string;
  readonly layers: string;
  readonly platform: string;
  readonly buildConfig: string;
  /** Links to the platform's own at `/cnb/buildpacks`, and those that the source names or brings. */
  readonly buildpacks: string;
  /** Whether it brings any. */
  readonly bringsBuildpacks: boolean;
  readonly layouts: string;
  readonly order: string;
  /** Layers of the run image and of the previous image, digest → diffID. */
  readonly known: ReadonlyMap<string, string>;
  /** The processors that the source wants images for; undefined when it does not say. */
  readonly architectures: readonly Architecture[] | undefined;
}

/**
 * Fills the folder of a build, which exists: the source unpacked, the environment as files, the previous image and the run
 * image without their layers. Folders in it may be mounts. Throws invalid_params for a source that cannot be built.
 */
export async function fillFolder(root: string, spec: BuildSpec, own: FolderSources): Promise<FilledFolder> {
  const at = (name: string) => join(root, name);
  for (const name of ["workspace", "layers", "layouts"]) await makeOwned(at(name), own.owner);
  await unpackTar(await own.sources.read(spec.source), at("workspace"), {
    limits: own.sourceLimits,
    ...(own.owner ? { owner: own.owner } : {}),
  });
  const descriptor = await readDescriptor(at("workspace"));
  const from = { ...own, ...(await groundOf(descriptor, own)) };
  await filterSource(at("workspace"), descriptor);
  await writeVariables(at("platform"), userFiles(spec, descriptor.env), from.owner);
  await writeVariables(at("build-config"), operatorFiles(from.hostEnv, from.runtimeSources), from.owner);
  await mkdir(at("buildpacks"), { mode: 0o755 });
  const placed = await placeBuildpacks(ownBuildpacks(descriptor), {
    ...{ at: at("buildpacks"), workspace: at("workspace") },
    ...{ available: from.buildpacks, fetching: from.fetching },
  });
  await writeFile(at("order.toml"), makeOrder(from.order, from.buildpacks, descriptor, placed));
  await giveTo(from.owner, at("order.toml"));
  const known = await writeLayouts(at("layouts"), spec, from);
  return {
    known,
    workspace: at("workspace"),
    layers: at("layers"),
    platform: at("platform"),
    buildConfig: at("build-config"),
    buildpacks: at("buildpacks"),
    bringsBuildpacks: placed.size > 0,
    layouts: at("layouts"),
    order: at("order.toml"),
    architectures: descriptor.architectures,
  };
}

async function readDescriptor(workspace: string): Promise<ProjectDescriptor> {
  const file = await open(
    join(workspace, DESCRIPTOR_FILE),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(() => undefined);
  try {
    const stats = await file?.stat();
    if (!file || !stats?.isFile() || stats.size > DESCRIPTOR_LIMIT) return readProjectDescriptor("");
    return readProjectDescriptor(await file.readFile("utf8"));
  } finally {
    await file?.close();
  }
}

async function writeVariables(
  folder: string,
  files: Readonly<Record<string, string>>,
  owner: FolderSources["owner"],
): Promise<void> {
  await makeOwned(folder, owner);
  await makeOwned(join(folder, "env"), owner);
  for (const [name, value] of Object.entries(files)) {
    const path = join(folder, "env", name);
    await writeFile(path, value, { mode: 0o400 });
    await giveTo(owner, path);
  }
}

async function writeLayouts(
  layouts: string,
  spec: BuildSpec,
  { images, runImage, owner }: FolderSources,
): Promise<ReadonlyMap<string, string>> {
  await writeSparseLayout(join(layouts, runImage.path), runImage.manifest, [runImage.config]);
  const { architecture } = parseConfig(runImage.config.bytes);
  const before = await previousFor(architecture, spec, images);
  const previous = await writePrevious(join(layouts, LAYOUTS.previous.path), before, images);
  // The build writes its own image beside the two; these it must read, and cannot harm but for itself.
  const all = owner ? await readdir(layouts, { recursive: true }) : [];
  for (const path of all) await giveTo(owner, join(layouts, path));
  return new Map([...runImage.layers, ...previous]);
}

/** The app's previous image for the processors that this build is for. One that is gone, or for others, is none. */
async function previousFor(
  architecture: string,
  { previousImage }: BuildSpec,
  images: FolderSources["images"],
): Promise<string | undefined> {
  if (!previousImage || !(await images.has(previousImage))) return undefined;
  return await findPlatform(images, previousImage, architecture);
}

/** An image that is gone only means that nothing can be used again. */
async function writePrevious(
  layout: string,
  previousImage: string | undefined,
  images: FolderSources["images"],
): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  if (!previousImage || !(await images.has(previousImage))) return known;
  const { manifest, config } = await readImageDocuments(images, previousImage);
  for (const [i, { digest }] of manifest.layers.entries())
    if (await images.has(digest)) known.set(digest, config.rootfs.diff_ids[i] ?? "");
  if (known.size < new Set(manifest.layers.map(({ digest }) => digest)).size) return new Map();
  const blob = async (digest: string) => ({ digest, bytes: await buffer(await images.read(digest)) });
  await writeSparseLayout(layout, await blob(previousImage), [await blob(manifest.config.digest)]);
  return known;
}

/** A mount that is there already is whose it is. */
export async function makeOwned(path: string, owner: FolderSources["owner"]): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode: 0o755 })) === undefined) return;
  await chmod(path, 0o755);
  await giveTo(owner, path);
}

/** Nothing is given away when builds run as the user who runs Conifer. */
async function giveTo(owner: FolderSources["owner"], path: string): Promise<void> {
  if (owner) await chown(path, owner.uid, owner.gid);
}
