import { join } from "node:path";
import {
  highestSafePort,
  makePortPool,
  portsInUse,
  startEmbeddedDynoHost,
} from "../drivers/embedded/dynos/index.ts";
import { openImageUnpacker } from "../drivers/embedded/images/index.ts";
import { systemClock } from "../kernel/index.ts";
import type { HostDynos, HostDynosParts } from "./engine-dynos.ts";

/** Starts the engine that CONIFER_ENGINE names. A cluster's driver is loaded only where it is used. */
export async function startHostDynos(parts: HostDynosParts): Promise<HostDynos> {
  if (parts.config.engine !== "kubernetes") return await startSandboxedDynos(parts);
  const { startClusterDynos } = await import("./cluster-dynos.ts");
  return await startClusterDynos(parts);
}

async function startSandboxedDynos(parts: HostDynosParts): Promise<HostDynos> {
  const { config, sandboxes, images, release, logs, masterKey, logger } = parts;
  const { home } = config;
  const unpackImage = await openImageUnpacker({
    store: images,
    folder: home.layers,
    host: release,
    ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
  });
  const host = await startEmbeddedDynoHost({
    ...{ sandboxes, unpackImage, logs, logger, masterKey },
    ports: makePortPool({ taken: portsInUse, random: Math.random, highest: highestSafePort() }),
    now: systemClock,
    random: Math.random,
    directory: home.dynos,
    journalFile: join(home.state, "host.bin"),
  });
  return { ...host, isolation: sandboxes.abilities.table };
}
