import {
  findPushedImage,
  makeRegistryListener,
  type RegistryListener,
  type RunningRegistry,
  registryKeys,
  startRegistry,
} from "../delivery/registry/index.ts";
import { collectionRoutes, imageRoutes, pushedRoutes } from "../drivers/embedded/images/index.ts";
import { S3RequestError } from "../drivers/s3/client/index.ts";
import type { RawHandler } from "../http/index.ts";
import { type Logger, newId, systemClock } from "../kernel/index.ts";
import { type Meter, silentMeter } from "../observe/metric/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import type { Config } from "./config.ts";
import { countFreed } from "./control-metrics.ts";
import { listenAddresses } from "./listen-addresses.ts";
import { openMasterKey } from "./master-key.ts";
import { openRegistryStores } from "./registry-stores.ts";
import { diskCheck } from "./role-checks.ts";
import type { RunningRole } from "./run-role.ts";
import { explainPort, registryPort } from "./supervisor-ports.ts";

const GIB = 1024 ** 3;
/** Bodies that come in at a time where they go to a bucket. */
const BUCKET_BODIES = 32;

export interface RegistryProcessOptions {
  /** Where other roles call it. Default: where they expect it. */
  readonly internalPort?: number;
  readonly meter?: Meter;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
}

/**
 * The registry process: serves the images of the store to nodes, and takes those that are pushed. It asks neither control
 * nor the database: what a repository holds is on disk, and credentials are checked with the master key.
 */
export async function startRegistryProcess(
  config: Config,
  logger: Logger,
  { internalPort, meter = silentMeter, tracer = silentTracer }: RegistryProcessOptions = {},
): Promise<RunningRegistry & RunningRole> {
  const listener = await registryOptions(config, logger);
  const { content, records } = listener;
  const registry = await startRegistry({
    ...listener,
    addresses: listenAddresses(config.registryListen ?? config.listen),
    port: config.registryPort,
  });
  const stopRegistry = async () => {
    await registry.stop();
    await listener.close();
  };
  const checks = config.registryStorage === undefined ? [diskCheck(config.home.images)] : [];
  if (config.systemNamespace === undefined) return { ...registry, checks, stop: stopRegistry };
  const { startRoleServer } = await import("./cluster-peers.ts");
  const collector = listener.collector(countFreed(meter));
  const server = await startRoleServer({
    ...{ config, logger, tracer, port: internalPort },
    routes: [
      imageRoutes(content),
      collectionRoutes(collector),
      pushedRoutes((image) => findPushedImage({ content, records }, image)),
    ],
    passedOn: answerAs(makeRegistryListener(listener)),
  });
  return {
    ...registry,
    checks,
    stop: async () => {
      await server.stop();
      await Promise.all([collector.stop(), stopRegistry()]);
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

/** The registry over the stores that the settings name, whichever server answers for it. */
export async function registryOptions(config: Config, logger: Logger) {
  const { home, registryQuota, registrySpaceQuota } = config;
  const { every, spaces } = registrySpaceQuota;
  const spaceBytes = (space: string) => {
    const most = spaces.get(space) ?? every;
    return most === undefined ? undefined : most * GIB;
  };
  return {
    ...(await openRegistryStores(config, logger)),
    keys: registryKeys(openMasterKey(home)),
    now: systemClock,
    newId,
    logger,
    limits: {
      // A push to a bucket holds parts of it in memory.
      ...(config.registryStorage === undefined ? {} : { bodies: BUCKET_BODIES }),
      ...(registryQuota === undefined ? {} : { repositoryBytes: registryQuota * GIB }),
      ...(every === undefined && spaces.size === 0 ? {} : { spaceBytes }),
    },
  };
}

/** What to tell an operator whose port or bucket cannot be had; undefined for other troubles. */
export function explainRegistryError(thrown: unknown, config: Config): string | undefined {
  if (thrown instanceof S3RequestError) return thrown.message;
  const { code, syscall, address = "" } = thrown as NodeJS.ErrnoException & { address?: string };
  if (syscall !== "listen" || code === undefined) return undefined;
  return explainPort(registryPort(config), address, code);
}
