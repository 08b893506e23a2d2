import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BuildResult, BuildSpec, ContainerPlan, DockerImage } from "../../../delivery/build/index.ts";
import { BusinessError, errorText, invalidParams } from "../../../kernel/index.ts";
import {
  BUILDAH_PATHS,
  basesOf,
  buildArgv,
  buildingTold,
  declaredOf,
  describeContainers,
  placeRegistries,
  pullArgv,
  readContainerPlan,
  SETUP_LATER,
  sameImage,
} from "../../buildah/builds/index.ts";
import { collectImage, intoStore, offeredArguments } from "../../cnb/builds/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import { privateImages } from "../../registry/client/index.ts";
import type { BuildMachine } from "./build-machine.ts";
import { type BuildahCall, runBuildah } from "./run-buildah.ts";

const BUILDAH = "/usr/bin/buildah";
/** Layers of earlier builds are kept up to so many megabytes of an app; above that they are all dropped. */
const CACHE_MEGABYTES = 4 * 1024;
const NO_BUILDAH =
  "This machine has no buildah, which builds Dockerfiles. Its operator installs it: apt-get install buildah (Debian, Ubuntu) or dnf install buildah (Fedora). Or build the image elsewhere, push it, and run heroku container:release: see the guide on containers.";

/**
 * Builds the images of a source by its Dockerfiles, with buildah in the sandbox that other builds run in. Layers of earlier
 * builds of the app are used again; what an aborted build has made of them is not.
 */
export async function buildContainers(
  spec: BuildSpec,
  machine: BuildMachine,
  around: BuildahCall["around"],
): Promise<BuildResult> {
  if (!existsSync(machine.buildah ?? BUILDAH)) return { kind: "failed", message: NO_BUILDAH, exitCode: 1 };
  const at = (name: string) => join(around.root, name);
  const owner = machine.runner.builder;
  for (const name of ["workspace", "out", "work", "locks"]) await makeFolder(at(name), owner);
  await placeRegistries(at("home"), machine.registries);
  await unpackTar(await machine.sources.read(spec.source), at("workspace"), {
    limits: machine.sourceLimits,
    ...(owner ? { owner } : {}),
  });
  const plan = await readContainerPlan(at("workspace"));
  if (plan.hasSetup) around.write(Buffer.from(SETUP_LATER));
  const cache = join(machine.cacheRoot, containerCache(spec.appId));
  await rename(cache, at("storage")).catch(() => makeFolder(at("storage"), owner));
  const result = await buildAll(spec, plan, machine, around);
  if (!around.signal.aborted) await keepCache(at("storage"), cache, machine);
  return result;
}

/** The name of the folder of an app's layers, beside the cache of its buildpacks. */
export function containerCache(appId: string): string {
  return `${appId}-containers`;
}

async function makeFolder(path: string, owner: { uid: number; gid: number } | undefined): Promise<void> {
  await mkdir(path, { mode: 0o755 });
  if (owner) await chown(path, owner.uid, owner.gid);
}

async function buildAll(
  spec: BuildSpec,
  plan: ContainerPlan,
  machine: BuildMachine,
  around: BuildahCall["around"],
): Promise<BuildResult> {
  const built = new Map<string, string>();
  const digests = new Map<string, string>();
  for (const image of plan.images) {
    const same = sameImage(image);
    let digest = digests.get(same);
    if (digest === undefined) {
      const failed = await buildOne(spec, { image, plan }, machine, around);
      around.signal.throwIfAborted();
      if (failed) return failed;
      digest = await collect(join(around.root, "out"), image.name, machine);
    }
    digests.set(same, digest);
    built.set(image.name, digest);
  }
  try {
    return { kind: "succeeded", image: await describeContainers(plan, built, imagesOf(spec, machine)) };
  } catch (thrown) {
    if (thrown instanceof BusinessError) return { kind: "failed", message: thrown.message, exitCode: 1 };
    return {
      kind: "failed",
      message: `The build's image cannot be used: ${errorText(thrown)}.`,
      exitCode: 1,
    };
  }
}

/**
 * Undefined when it was built. Base images that need the operator's credentials are pulled before, where no step of the
 * Dockerfile runs: what steps reach holds no login.
 */
async function buildOne(
  spec: BuildSpec,
  { image, plan }: { readonly image: DockerImage; readonly plan: ContainerPlan },
  machine: BuildMachine,
  around: BuildahCall["around"],
): Promise<BuildResult | undefined> {
  around.write(Buffer.from(buildingTold(image)));
  const call = { id: `build-${spec.id}`, machine, around };
  const bases = privateImages(await basesOf(join(around.root, "workspace"), image, plan), machine.registries);
  const failed = bases && (await runBuildah(pullArgv(bases.names), image, call, bases.logins));
  if (failed) return failed;
  around.signal.throwIfAborted();
  const offered = offeredArguments(machine.hostEnv, BUILDAH_PATHS.certificates);
  const operator = await declaredOf(join(around.root, "workspace"), image, plan, offered);
  return await runBuildah(buildArgv(image, plan, operator), image, call);
}

/** The store, with the tags of the app's own images. */
function imagesOf({ appId }: BuildSpec, { images }: BuildMachine) {
  return {
    read: (digest: string) => images.read(digest),
    tag: (tag: string, digest: string) => images.tag(`${appId}:${tag}`, digest),
  };
}

async function collect(out: string, name: string, machine: BuildMachine): Promise<string> {
  const left = {
    root: out,
    layout: name,
    known: new Map(),
    limitBytes: machine.imageLimitBytes,
  };
  try {
    return await collectImage(left, intoStore(machine.images));
  } catch (thrown) {
    throw invalidParams(`The image of ${name} cannot be used: ${errorText(thrown)}.`);
  }
}

const run = promisify(execFile);

/** Gives the layers back to their app, unless they have become too many. */
async function keepCache(storage: string, cache: string, { cacheRoot, logger }: BuildMachine): Promise<void> {
  try {
    const { stdout } = await run("du", ["-sxm", "--", storage], { timeout: 60_000 });
    if (Number.parseInt(stdout, 10) > CACHE_MEGABYTES) return;
    await mkdir(cacheRoot, { recursive: true });
    if (existsSync(cache)) await removeTree(cache);
    await rename(storage, cache);
  } catch (thrown) {
    logger.warn("the layers of a build are not kept", { error: errorText(thrown) });
  }
}
