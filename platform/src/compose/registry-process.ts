import {
  findPushedImage,
  makeRegistryListener,
  type RegistryListener,
  type RunningRegistry,
  registryKeys,
  startRegistry,
} from "../delivery/registry/index.ts";
import {
  collectionRoutes,
  imageRoutes,
  openDiskImageStore,
  openDiskRepositories,
  openDiskUploads,
  pushedRoutes,
  startImageCollector,
} from "../drivers/embedded/images/index.ts";
import type { RawHandler } from "../http/index.ts";
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
  const listener = await registryOptions(config, logger);
  const { content, records } = listener;
  const registry = await startRegistry({
    ...listener,
    addresses: listenAddresses(config.registryListen ?? config.listen),
    port: config.registryPort,
  });
  if (config.systemNamespace === undefined) return registry;
  const { startRoleServer } = await import("./cluster-peers.ts");
  const { images, repositories } = home;
  const collector = startImageCollector({ content, images, repositories, logger });
  const server = await startRoleServer({
    ...{ config, logger, port: internalPort },
    routes: [
      imageRoutes(content),
      collectionRoutes(collector),
      pushedRoutes((image) => findPushedImage({ content, records }, image)),
    ],
    passedOn: answerAs(makeRegistryListener(listener)),
  });
  return {
    ...registry,
    stop: async () => {
      await server.stop();
      await Promise.all([collector.stop(), registry.stop()]);
    },
  };
}

/** What the API passes on has a credential of this registry, made with the same master key. */
function answerAs(listener: RegistryListener): RawHandler {
  return async (request, response) => {
    await listener(request, response);
    return true;
  };
}

/** The registry over this process's disk, whichever server answers for it. */
export async function registryOptions(config: Config, logger: Logger) {
  const { home } = config;
  return {
    content: await openDiskImageStore(home.images),
    records: openDiskRepositories(home.repositories),
    uploads: await openDiskUploads({
      images: home.images,
      mostBytes: BLOB_BYTES,
      mostUploads: UPLOADS_OF_A_REPOSITORY,
      leastFree: LEAST_FREE,
    }),
    keys: registryKeys(readMasterKey(home)),
    now: systemClock,
    newId,
    logger,
    limits: config.registryQuota === undefined ? {} : { repositoryBytes: config.registryQuota * GIB },
  };
}

/** What to tell an operator whose port cannot be had; undefined for other troubles. */
export function explainRegistryError(thrown: unknown, config: Config): string | undefined {
  const { code, syscall, address = "" } = thrown as NodeJS.ErrnoException & { address?: string };
  if (syscall !== "listen" || code === undefined) return undefined;
  return explainPort(registryPort(config), address, code);
}
