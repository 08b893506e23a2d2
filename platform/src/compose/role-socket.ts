import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  callPeer,
  type LocalPeer,
  type LocalRoutes,
  startLocalServer,
} from "../drivers/embedded/local/index.ts";
import type { Logger, Running } from "../kernel/index.ts";
import type { RoleMeter, ToldMetric } from "../observe/metric/index.ts";
import type { Config } from "./config.ts";
import { readSecret } from "./control-context.ts";
import type { Home } from "./home.ts";
import type { Readiness, RoleReadiness } from "./role-readiness.ts";
import type { RoleName } from "./supervisor-environment.ts";

/** Where a role of this machine tells the others how it is. */
function socketOf(role: RoleName, home: Home): string {
  return join(home.run, `of-${role}.sock`);
}

/** What a role tells, and where it logs what cannot be told. */
export interface RoleTold {
  readonly readiness: RoleReadiness;
  readonly meter: Pick<RoleMeter, "told">;
  readonly logger: Logger;
}

/** A role of one machine tells by this socket what one of a cluster tells at its probe port. */
export async function startRoleSocket(
  role: RoleName,
  { home }: Pick<Config, "home">,
  { readiness, meter, logger }: RoleTold,
): Promise<Running | undefined> {
  // A role that is started by hand has nobody who asks it.
  if (!existsSync(home.secretFile)) return undefined;
  const routes: LocalRoutes = {
    handlers: { "GET /readiness": () => readiness.ask(), "GET /metrics": () => meter.told() },
  };
  return await startLocalServer({
    ...{ socketPath: socketOf(role, home), secret: readSecret(home), logger },
    routes: [routes],
  });
}

/** Another role of this machine, as asked by its socket. */
export function roleOfMachine(role: RoleName, home: Home) {
  const peer = (): LocalPeer => ({ socketPath: socketOf(role, home), secret: readSecret(home) });
  return {
    readiness: async (signal: AbortSignal) =>
      (await callPeer(peer(), "GET /readiness", { signal })) as Readiness,
    metrics: async (signal: AbortSignal) =>
      (await callPeer(peer(), "GET /metrics", { signal })) as readonly ToldMetric[],
  };
}
