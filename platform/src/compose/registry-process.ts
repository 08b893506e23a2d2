import { type RunningRegistry, registryKeys, startRegistry } from "../delivery/registry/index.ts";
import {
  collectionRoutes,
  imageRoutes,
  openDiskImageStore,
  openDiskRepositories,
  openDiskUploads,
  startImageCollector,
} from "../drivers/embedded/images/index.ts";
import { type Logger, newId, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { listenAddresses } from "./listen-addresses.ts";
import { readMasterKey } from "./master-key.ts";
import { explainPort, registryPort } from "./supervisor-ports.ts";

const GIB = 1024 ** 3;
/** As large as the largest image of the builder of this machine. */
const BLOB_BYTES = 8 * GIB;
const UPLOADS_OF_A_REPOSITORY = 64;
/** The share of the disk that stays free: pulls go on, pushes are refused. */
const LEAST_FREE = 0.05;

/**
 * The registry process: serves the images of the store to nodes, and takes those that are pushed. It asks neither control
 * nor the database: what a repository holds is on disk, and credentials are checked with the master key.
 */
export async function startRegistryProcess(
  config: Config,
  logger: Logger,
  internalPort?: number,
): Promise<RunningRegistry> {
  const { home } = config;
  const content = await openDiskImageStore(home.images);
  const registry = await startRegistry({
    content,
    records: openDiskRepositories(home.repositories),
    uploads: await openDiskUploads({
      images: home.images,
      mostBytes: BLOB_BYTES,
      mostUploads: UPLOADS_OF_A_REPOSITORY,
      leastFree: LEAST_FREE,
    }),
    keys: registryKeys(readMasterKey(home)),
    addresses: listenAddresses(config.registryListen ?? config.listen),
    port: config.registryPort,
    now: systemClock,
    newId,
    logger,
    limits: config.registryQuota === undefined ? {} : { repositoryBytes: config.registryQuota * GIB },
  });
  if (config.systemNamespace === undefined) return registry;
  const { startRoleServer } = await import("./cluster-peers.ts");
  const { images, repositories } = home;
  const collector = startImageCollector({ content, images, repositories, logger });
  const server = await startRoleServer({
    ...{ config, logger, port: internalPort },
    routes: [imageRoutes(content), collectionRoutes(collector)],
  });
  return {
    ...registry,
    stop: async () => {
      await server.stop();
      await Promise.all([collector.stop(), registry.stop()]);
    },
  };
}

/** What to tell an operator whose port cannot be had; undefined for other troubles. */
export function explainRegistryError(thrown: unknown, config: Config): string | undefined {
  const { code, syscall, address = "" } = thrown as NodeJS.ErrnoException & { address?: string };
  if (syscall !== "listen" || code === undefined) return undefined;
  return explainPort(registryPort(config), address, code);
}
