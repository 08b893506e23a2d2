import { join } from "node:path";
import type { BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { readImageInfo } from "../../../delivery/image/index.ts";
import { errorText, invalidParams } from "../../../kernel/index.ts";
import {
  type Architecture,
  builderEnvironment,
  collectImage,
  failureOf,
  IMAGE_OWNER,
  intoStore,
  LAYOUTS,
  type PhaseEnd,
  phaseEnvironment,
} from "../../cnb/builds/index.ts";
import { tellEmptied } from "./bound-caches.ts";
import { type BuildFolder, CACHE_NAME, fillBuildFolder } from "./build-folder.ts";
import type { BuildMachine } from "./build-machine.ts";
import type { ShelvedBuilder } from "./builder-shelf.ts";
import { cacheNameOf } from "./cache-names.ts";

/** A build for one kind of processors. */
export interface OneBuild {
  readonly architecture: Architecture;
  /** Folder of the whole build. */
  readonly root: string;
  readonly write: (chunk: Buffer) => void;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A build that only has to be run. */
export interface PreparedBuild extends OneBuild {
  readonly folder: BuildFolder;
  /** To be given back by the caller. */
  readonly builder: ShelvedBuilder | undefined;
}

/** Has the builder ready and fills the build's folder. Throws invalid_params for a source that cannot be built. */
export async function prepareBuild(
  spec: BuildSpec,
  machine: BuildMachine,
  one: OneBuild,
): Promise<PreparedBuild> {
  const { architecture, signal, tell } = one;
  const cacheName = cacheNameOf(spec.appId, architecture, machine.architecture);
  const emptied = await tellEmptied(machine.cacheRoot, cacheName);
  if (emptied) tell(emptied);
  const fetching = { signal, tell, ...(machine.download ? { download: machine.download } : {}) };
  let builder: ShelvedBuilder | undefined;
  const find = async (named: string | undefined, own: boolean) => {
    builder = await machine.shelf.take(named, { signal, tell, architecture, own });
    return builder ?? noBuilder(machine, one);
  };
  const isOther = architecture !== machine.architecture;
  const from = {
    ...{ ...machine, fetching, cacheName, cacheMaker: () => builder?.cacheMaker },
    findBuilder: (named: string | undefined) => find(named, false),
    ...(isOther ? { findOwnBuilder: () => find(undefined, true) } : {}),
  };
  try {
    const root = isOther ? join(one.root, architecture) : one.root;
    // What a killed process has left is looked for right below the build's folder.
    const sandbox = join(one.root, isOther ? `sandbox-${architecture}` : "sandbox");
    const folder = await fillBuildFolder({ root, sandbox }, spec, from);
    signal.throwIfAborted();
    return { ...one, folder, builder };
  } catch (thrown) {
    builder?.giveBack();
    throw thrown;
  }
}

/** Where this machine's own base does: only for its own processors. */
function noBuilder({ architecture: own }: BuildMachine, { architecture }: OneBuild): undefined {
  if (architecture === own) return undefined;
  throw invalidParams(
    `The source wants an image for ${architecture}, and Conifer's own builder is there for ${own} only. ` +
      `Its operator makes one with \`npm run -s images -- builder --arch ${architecture}\` and a run image with ` +
      `\`npm run -s images -- --arch ${architecture}\`, and sets CONIFER_OTHER_BUILDER_IMAGE and CONIFER_OTHER_RUN_IMAGE to them.`,
  );
}

/** Runs a build and takes its image into the store, where it has no name yet. The result is one of a build by itself. */
export async function runOne(
  spec: BuildSpec,
  machine: BuildMachine,
  prepared: PreparedBuild,
): Promise<BuildResult> {
  const end = await runCreator(spec, machine, prepared);
  prepared.signal.throwIfAborted();
  if (end.exitCode !== 0) return failureOf(end, machine.limits.memoryBytes);
  return await takeImage(machine, prepared);
}

function runCreator(
  spec: BuildSpec,
  machine: BuildMachine,
  { folder, signal, write, builder }: PreparedBuild,
): Promise<PhaseEnd> {
  const readOnly = (source: string, target: string) => ({ source, target, writable: false });
  const writable = (source: string, target: string) => ({ source, target, writable: true });
  const job = {
    id: `build-${spec.id}`,
    directory: folder.sandbox,
    binds: [
      writable(folder.workspace, "/workspace"),
      writable(folder.layers, "/layers"),
      writable(folder.layouts, "/layouts"),
      readOnly(folder.platform, "/platform"),
      readOnly(folder.buildConfig, "/cnb/build-config"),
      readOnly(folder.order, "/cnb/order.toml"),
      ...(folder.bringsBuildpacks ? [readOnly(folder.buildpacks, BUILDPACKS)] : []),
      ...(builder ? [] : ownPrograms(machine)),
    ],
    argv: creatorArgv(
      (builder ?? machine).runImage.name,
      folder.bringsBuildpacks ? BUILDPACKS : "/cnb/buildpacks",
      builder?.facts.user ?? IMAGE_OWNER,
    ),
    env: builder
      ? builderEnvironment(builder.facts, builder.home, machine.hostEnv)
      : phaseEnvironment(machine.hostEnv),
    ...(builder ? { root: { folder: builder.root, user: builder.facts.user } } : {}),
    cwd: "/workspace",
    limits: machine.limits,
    onOutput: write,
  };
  return machine.runner.run(job, signal);
}

function ownPrograms({ lifecycle, buildpacksFolder, node }: BuildMachine) {
  const readOnly = (source: string, target: string) => ({ source, target, writable: false });
  return [
    readOnly(lifecycle, "/cnb/lifecycle"),
    readOnly(buildpacksFolder, "/cnb/buildpacks"),
    readOnly(node, "/cnb/node/bin/node"),
  ];
}

/** The buildpacks of one build: the platform's own, and those of the source. */
const BUILDPACKS = "/cnb/build-buildpacks";

/** All by the Platform API, so that another lifecycle's creator can take its place. */
function creatorArgv(
  runImage: string,
  buildpacks: string,
  user: { readonly uid: number; readonly gid: number },
): readonly [string, ...string[]] {
  return [
    "/cnb/lifecycle/creator",
    ...[
      "-buildpacks",
      buildpacks,
      "-app",
      "/workspace",
      "-layers",
      "/layers",
      "-cache-dir",
      join("/layers", CACHE_NAME),
    ],
    ...["-layout", "-layout-dir", "/layouts", "-run-image", runImage],
    ...["-previous-image", LAYOUTS.previous.name, "-uid", `${user.uid}`, "-gid", `${user.gid}`],
    LAYOUTS.image.name,
  ];
}

async function takeImage(machine: BuildMachine, { folder, builder }: PreparedBuild): Promise<BuildResult> {
  const { known, layouts } = folder;
  const left = { root: layouts, layout: LAYOUTS.image.path, known, limitBytes: machine.imageLimitBytes };
  let digest: string;
  try {
    digest = await collectImage(left, intoStore(machine.images));
  } catch (thrown) {
    return {
      kind: "failed",
      message: `The build's image cannot be used: ${errorText(thrown)}.`,
      exitCode: 1,
    };
  }
  const image = await readImageInfo(machine.images, digest);
  return { kind: "succeeded", image: { ...image, ...(builder ? { builder: builder.image } : {}) } };
}
