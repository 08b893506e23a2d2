import { join } from "node:path";
import { type BuildResult, type BuildSpec, isContainerBuild } from "../../../delivery/build/index.ts";
import { readImageInfo } from "../../../delivery/image/index.ts";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import {
  builderEnvironment,
  collectImage,
  failureOf,
  IMAGE_OWNER,
  intoStore,
  LAYOUTS,
  type PhaseEnd,
  phaseEnvironment,
  timeoutText,
} from "../../cnb/builds/index.ts";
import { tellEmptied } from "./bound-caches.ts";
import { buildContainers } from "./build-containers.ts";
import { type BuildFolder, CACHE_NAME, fillBuildFolder } from "./build-folder.ts";
import type { BuildMachine } from "./build-machine.ts";
import type { ShelvedBuilder } from "./builder-shelf.ts";
import { DISK_FULL, watchDisk } from "./disk-room.ts";

/** Runs one build from source to image. Never rejects; what cannot be explained is logged and told as our fault. */
export async function runBuild(
  spec: BuildSpec,
  machine: BuildMachine,
  around: { root: string; write: (chunk: Buffer) => void; signal: AbortSignal },
): Promise<BuildResult> {
  const limit = AbortSignal.timeout(spec.timeoutSeconds * 1000);
  const disk = watchDisk(around.root, machine.freeBytes);
  const signal = AbortSignal.any([around.signal, limit, disk.full]);
  let builder: ShelvedBuilder | undefined;
  try {
    if (isContainerBuild(spec)) return await buildContainers(spec, machine, { ...around, signal });
    const tell = (line: string) => around.write(Buffer.from(`${line}\n`));
    const emptied = await tellEmptied(machine.cacheRoot, spec.appId);
    if (emptied) tell(emptied);
    const fetching = { signal, tell, ...(machine.download ? { download: machine.download } : {}) };
    const findBuilder = async (named: string | undefined) => {
      builder = await machine.shelf.take(named, { signal, tell });
      return builder;
    };
    const cacheMaker = () => builder?.cacheMaker;
    const from = { ...machine, fetching, findBuilder, cacheMaker };
    const folder = await fillBuildFolder(around.root, spec, from);
    signal.throwIfAborted();
    const run = { folder, signal, write: around.write, ...(builder ? { builder } : {}) };
    const end = await runCreator(spec, machine, run);
    signal.throwIfAborted();
    if (end.exitCode !== 0) return failureOf(end, machine.limits.memoryBytes);
    return await keepImage(spec, machine, { folder, builder });
  } catch (thrown) {
    if (around.signal.aborted) return stoppedResult(around.signal);
    if (limit.aborted) return { kind: "failed", message: timeoutText(spec.timeoutSeconds), exitCode: 124 };
    if (disk.full.aborted) return { kind: "failed", message: DISK_FULL, exitCode: 1 };
    if (thrown instanceof BusinessError) return { kind: "failed", message: thrown.message, exitCode: 1 };
    machine.logger.error("build broke", { build_id: spec.id, error: thrown });
    return { kind: "lost", message: `The build could not be run: ${errorText(thrown)}.` };
  } finally {
    disk.stop();
    builder?.giveBack();
  }
}

/** The result of a build whose signal was aborted, by the abort's reason: `cancelled`, else the engine stops. */
export function stoppedResult(signal: AbortSignal): BuildResult {
  if (signal.reason === "cancelled") return { kind: "cancelled" };
  return { kind: "lost", message: "The build engine was stopped." };
}

function runCreator(
  spec: BuildSpec,
  machine: BuildMachine,
  run: {
    folder: BuildFolder;
    signal: AbortSignal;
    write: (chunk: Buffer) => void;
    builder?: ShelvedBuilder;
  },
): Promise<PhaseEnd> {
  const { folder, signal, write, builder } = run;
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

async function keepImage(
  spec: BuildSpec,
  machine: BuildMachine,
  { folder, builder }: { readonly folder: BuildFolder; readonly builder: ShelvedBuilder | undefined },
): Promise<BuildResult> {
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
  await machine.images.tag(`${spec.appId}:latest`, digest);
  const image = await readImageInfo(machine.images, digest);
  return { kind: "succeeded", image: { ...image, ...(builder ? { builder: builder.image } : {}) } };
}
