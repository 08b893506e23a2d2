import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleLifecycle } from "../../../buildpacks/lifecycle/bundle-lifecycle.ts";
import { bundleBuildpacks } from "../../../buildpacks/shared/bundle-buildpacks.ts";
import type { Builder } from "../delivery/build/index.ts";
import type { ImageStore } from "../delivery/image/index.ts";
import { makeSandboxRunner, type RunImage, startEmbeddedBuilder } from "../drivers/embedded/builds/index.ts";
import type { Sandboxes } from "../drivers/embedded/sandbox/index.ts";
import { openFileSourceStore } from "../drivers/embedded/sources/index.ts";
import type { Logger, Running } from "../kernel/index.ts";
import type { Config } from "./config.ts";

export interface HostBuildsOptions {
  readonly config: Config;
  readonly sandboxes: Sandboxes;
  readonly images: ImageStore;
  readonly runImage: RunImage;
  readonly logger: Logger;
}

const GIB = 1024 ** 3;
const BUILDS_AT_ONCE = 2;
const KEPT_BUILDS = 20;
/** What a build may use, so that it cannot starve the apps: half of a small machine's share, and pids enough for npm. */
const BUILD_LIMITS = { memoryBytes: 4 * GIB, cpuShare: 0.5, pids: 4_096 };
const OUTPUT_BYTES = 16 * 1024 * 1024;

/** The builder of this machine, with our lifecycle and buildpacks bundled. */
export async function startHostBuilds(
  options: HostBuildsOptions,
): Promise<Running & { readonly builder: Builder }> {
  const { config, sandboxes, images, runImage, logger } = options;
  const { home } = config;
  const lifecycle = join(home.downloads, "lifecycle");
  const buildpacksFolder = join(home.downloads, "buildpacks");
  await bundleLifecycle(lifecycle);
  const { buildpacks, orderFile } = await bundleBuildpacks(buildpacksFolder);
  return await startEmbeddedBuilder({
    folder: home.builds,
    atOnce: BUILDS_AT_ONCE,
    outputLimitBytes: OUTPUT_BYTES,
    keptBuilds: KEPT_BUILDS,
    machine: {
      runner: makeSandboxRunner(sandboxes),
      cacheRoot: home.buildCache,
      lifecycle,
      buildpacksFolder,
      node: process.execPath,
      limits: BUILD_LIMITS,
      imageLimitBytes: 8 * GIB,
      logger,
      sources: await openFileSourceStore({ folder: home.sources, readOnly: true }),
      images,
      runImage,
      ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
      buildpacks,
      order: await readFile(orderFile, "utf8"),
      runtimeSources: config.runtimeSources,
      hostEnv: process.env,
      sourceLimits: { bytes: 4 * GIB, entries: 200_000 },
    },
  });
}
