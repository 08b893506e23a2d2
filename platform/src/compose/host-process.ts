import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  builderRoutes,
  makeHostRunImage,
  RunImageError,
  takeRunImage,
} from "../drivers/embedded/builds/index.ts";
import { dynoHostRoutes, endpointRoutes, sleepRoutes } from "../drivers/embedded/dynos/index.ts";
import { collectionRoutes, startImageCollector } from "../drivers/embedded/images/index.ts";
import { startLocalServer } from "../drivers/embedded/local/index.ts";
import { logRoutes, openLogStore } from "../drivers/embedded/logs/index.ts";
import { type AbilityRow, openSandboxes } from "../drivers/embedded/sandbox/index.ts";
import { type Logger, type Running, systemClock } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import type { Config } from "./config.ts";
import { countFreed, countLines } from "./control-metrics.ts";
import { startHostBuilds } from "./host-builds.ts";
import { startHostDynos } from "./host-dynos.ts";
import { openHostImages } from "./host-images.ts";
import { readHostRelease } from "./host-release.ts";
import { openMasterKey } from "./master-key.ts";
import { diskCheck } from "./role-checks.ts";
import type { RunningRole } from "./run-role.ts";
import { traceCalls } from "./trace-work.ts";

/** The host process: dynos, builds and the apps' logs of this machine. */
export interface HostProcess extends RunningRole {
  readonly isolation: readonly AbilityRow[];
}

/**
 * Starts the host's parts and serves them on its socket. `stop` ends dynos and builds first, while their last lines are
 * still taken and the router still hears of them.
 */
export async function startHost(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
  tracer: Tracer = silentTracer,
): Promise<HostProcess> {
  const { home } = config;
  const logs = openLogStore({
    ...{ folder: home.logs, now: systemClock, logger },
    counted: countLines(meter),
  });
  const running: Running[] = [logs];
  const stop = async () => {
    for (let last = running.pop(); last; last = running.pop()) await last.stop();
  };
  try {
    const sandboxes = await openSandboxes({
      home: home.root,
      directory: join(home.dynos, ".shared"),
      caBundle: config.caBundle,
      // Apps call each other by their addresses, and the API by its own, as anybody does.
      openPorts: [config.routerPort, config.routerTlsPort, config.apiPort],
    });
    running.push(sandboxes);
    const release = readHostRelease();
    const images = await openHostImages(config);
    const { repositories } = home;
    const collector = startImageCollector({
      ...{ content: images, images: home.images, repositories, logger },
      swept: countFreed(meter),
    });
    running.push(collector);
    const runImage = config.runImage
      ? await takeRunImage(config.runImage, images, release)
      : makeHostRunImage(release);
    const masterKey = openMasterKey(home);
    const builds = await startHostBuilds({
      ...{ config, sandboxes, images, release, runImage, masterKey, logger, tracer },
    });
    running.push(builds);
    const host = await startHostDynos({
      ...{ config, sandboxes, images, release, logs, masterKey, logger },
    });
    running.push(host);
    const server = await startLocalServer({
      socketPath: home.hostSocket,
      secret: readFileSync(home.secretFile, "utf8").trim(),
      routes: [
        dynoHostRoutes(host.dynos),
        endpointRoutes(host.endpoints),
        ...(host.sleeping ? [sleepRoutes(host.sleeping)] : []),
        builderRoutes(builds.builder),
        logRoutes(logs),
        collectionRoutes(collector),
      ],
      around: traceCalls(tracer),
      logger,
    });
    return {
      isolation: host.isolation,
      checks: [diskCheck(home.root)],
      stop: async () => {
        await Promise.all([host.stop(), builds.stop()]);
        await server.stop();
        await stop();
      },
    };
  } catch (thrown) {
    await stop().catch(() => {});
    throw thrown;
  }
}

/** What to tell an operator who can mend why the host does not start; undefined for other troubles. */
export function explainHostError(thrown: unknown): string | undefined {
  return thrown instanceof RunImageError ? `${thrown.message} CONIFER_RUN_IMAGE names it.` : undefined;
}
