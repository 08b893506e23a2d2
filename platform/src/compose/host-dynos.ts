import { join } from "node:path";
import {
  highestSafePort,
  makeDiskRoom,
  makePortPool,
  portsInUse,
  startEmbeddedDynoHost,
} from "../drivers/embedded/dynos/index.ts";
import { makeLayerUses, openImageUnpacker, startLayerCollection } from "../drivers/embedded/images/index.ts";
import { systemClock } from "../kernel/index.ts";
import { buildNetworkHere, isolationRows } from "./build-network.ts";
import type { HostDynos, HostDynosParts } from "./engine-dynos.ts";
import { machineMemory } from "./machine-memory.ts";

/** Starts the engine that CONIFER_ENGINE names. A cluster's driver is loaded only where it is used. */
export async function startHostDynos(parts: HostDynosParts): Promise<HostDynos> {
  if (parts.config.engine !== "kubernetes") return await startSandboxedDynos(parts);
  const { startClusterDynos } = await import("./cluster-dynos.ts");
  return await startClusterDynos(parts);
}

/** What a dyno may make in its file system beside what its image has, for each gigabyte that it may write. */
const FILES_PER_GB = 250_000;

async function startSandboxedDynos(parts: HostDynosParts): Promise<HostDynos> {
  const { config, sandboxes, images, release, logs, masterKey, logger } = parts;
  const { home } = config;
  const uses = makeLayerUses(Date.now);
  const unpackImage = await openImageUnpacker({
    store: images,
    folder: home.layers,
    host: release,
    uses,
    ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
  });
  const host = await startEmbeddedDynoHost({
    ...{ sandboxes, unpackImage, logs, logger, masterKey },
    ports: makePortPool({
      // A network of their own has nobody else's ports.
      taken: sandboxes.abilities.network === "own" ? () => new Set() : portsInUse,
      ...{ random: Math.random, highest: highestSafePort() },
    }),
    now: systemClock,
    passed: () => performance.now(),
    random: Math.random,
    directory: home.dynos,
    journalFile: join(home.state, "host.bin"),
    sleep: { idleMs: config.sleepAfter * 1_000, file: join(home.state, "asleep.json") },
    disk: {
      ...{ bytes: config.dynoDisk * 2 ** 30, entries: config.dynoDisk * FILES_PER_GB },
      room: makeDiskRoom(home.dynos),
    },
    memoryCapacity: machineMemory() * config.memoryFactor,
  });
  const collection = startLayerCollection({ folder: home.layers, uses }, { logger, now: Date.now });
  return {
    ...host,
    isolation: isolationRows(sandboxes.abilities, buildNetworkHere(config, sandboxes.abilities)),
    stop: async () => {
      await collection.stop();
      await host.stop();
    },
  };
}
