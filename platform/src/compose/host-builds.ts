import { readFile, statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { bundleLifecycle } from "../../../buildpacks/lifecycle/bundle-lifecycle.ts";
import { bundleBuildpacks } from "../../../buildpacks/shared/bundle-buildpacks.ts";
import type { Builder } from "../delivery/build/index.ts";
import {
  makeSandboxRunner,
  openBuilderShelf,
  type RunImage,
  startEmbeddedBuilder,
  takeRunImage,
} from "../drivers/embedded/builds/index.ts";
import type { DiskImageStore, HostRelease } from "../drivers/embedded/images/index.ts";
import type { Sandboxes } from "../drivers/embedded/sandbox/index.ts";
import { openFileSourceStore } from "../drivers/embedded/sources/index.ts";
import type { Logger, MasterKey, Running } from "../kernel/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import { buildNetworkHere } from "./build-network.ts";
import { roomForBuilds } from "./build-room.ts";
import type { Config } from "./config.ts";
import { readRegistryAccess } from "./registry-access-settings.ts";
import { tracePhases } from "./trace-work.ts";

export interface HostBuildsOptions {
  readonly config: Config;
  readonly sandboxes: Sandboxes;
  readonly images: DiskImageStore;
  readonly release: HostRelease;
  readonly runImage: RunImage;
  /** Needed for builds of a cluster, which talk to the registry. */
  readonly masterKey?: MasterKey;
  readonly logger: Logger;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
}

const GIB = 1024 ** 3;
const KEPT_BUILDS = 20;
const OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Starts the builder that the settings name: pods of a cluster when they name an image for them, else this machine's own. A
 * cluster's driver is loaded only where it is used.
 */
export async function startHostBuilds(
  options: HostBuildsOptions,
): Promise<Running & { readonly builder: Builder }> {
  const { config, masterKey, logger } = options;
  if (config.engine !== "kubernetes" || !config.builderImage || !masterKey)
    return await startMachineBuilds(options);
  const { startClusterBuilds } = await import("./cluster-builds.ts");
  const sources = await openFileSourceStore({ folder: config.home.sources, readOnly: true });
  return await startClusterBuilds({ config, masterKey, logger, sources, hostEnv: process.env });
}

/** The builder of this machine, with our lifecycle and buildpacks bundled. */
async function startMachineBuilds(
  options: HostBuildsOptions,
): Promise<Running & { readonly builder: Builder }> {
  const { config, sandboxes, images, release, runImage, logger, tracer = silentTracer } = options;
  const { home } = config;
  const lifecycle = join(home.downloads, "lifecycle");
  const buildpacksFolder = join(home.downloads, "buildpacks");
  await bundleLifecycle(lifecycle);
  const { blocks, bsize } = await statfs(home.root);
  const room = roomForBuilds({ cores: availableParallelism(), memoryBytes: totalmem() });
  const { buildpacks, orderFile } = await bundleBuildpacks(buildpacksFolder);
  const network = buildNetworkHere(config, sandboxes.abilities);
  const owner = sandboxes.owner ? { owner: sandboxes.owner } : {};
  const registries = await readRegistryAccess(config, process.env);
  const shelf = await openBuilderShelf({
    ...{ folder: home.builders, store: images, names: images, host: release, ...owner },
    ...{ builder: config.builderImage, runImage: config.runImage ? runImage : undefined },
    other: await readOtherGround(config, images, release),
    ...registries,
    ...{ logger, now: Date.now },
  });
  return await startEmbeddedBuilder({
    folder: home.builds,
    atOnce: room.atOnce,
    outputLimitBytes: OUTPUT_BYTES,
    keptBuilds: KEPT_BUILDS,
    cacheBounds: { eachBytes: 4 * GIB, allBytes: (blocks * bsize) / 5 },
    machine: {
      ...{ architecture: release.architecture, architectures: config.architectures },
      runner: tracePhases(tracer, makeSandboxRunner(sandboxes, network.kind)),
      shelf,
      registries,
      cacheRoot: home.buildCache,
      lifecycle,
      buildpacksFolder,
      node: process.execPath,
      limits: room.limits,
      imageLimitBytes: 8 * GIB,
      logger,
      sources: await openFileSourceStore({ folder: home.sources, readOnly: true }),
      images,
      runImage,
      ...owner,
      buildpacks,
      order: await readFile(orderFile, "utf8"),
      runtimeSources: config.runtimeSources,
      hostEnv: process.env,
      sourceLimits: { bytes: 4 * GIB, entries: 200_000 },
    },
  });
}

/** What apps are built on for the processors that this machine has not. */
async function readOtherGround(
  { otherBuilderImage: builder, otherRunImage }: Config,
  images: DiskImageStore,
  release: HostRelease,
) {
  if (otherRunImage === undefined) return { builder };
  const architecture = release.architecture === "amd64" ? "arm64" : "amd64";
  const runImage = await takeRunImage(
    otherRunImage,
    images,
    { ...release, architecture },
    `-${architecture}`,
  );
  return { builder, runImage };
}
