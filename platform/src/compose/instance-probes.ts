import type { RawHandler } from "../http/index.ts";
import { joinMetrics } from "../observe/metric/index.ts";
import type { Config } from "./config.ts";
import { type AskRole, joinReadiness } from "./instance-readiness.ts";
import { ensureMetricsToken } from "./operator-token.ts";
import { answerProbe } from "./role-probes.ts";
import { roleOfMachine } from "./role-socket.ts";
import type { RoleName } from "./supervisor-environment.ts";

/** `GET /healthz`, `GET /readyz` and `GET /metrics` at the API's port: for all processes of this machine, control among them. */
export function machineProbes(config: Config): RawHandler {
  const names: readonly RoleName[] = ["control", "host", "router", ...(config.registry ? REGISTRY : [])];
  const roles = names.map((name) => [name, roleOfMachine(name, config.home)] as const);
  const readiness = joinReadiness(Object.fromEntries(roles.map(([name, role]) => [name, role.readiness])));
  const metrics = async () => {
    const signal = AbortSignal.timeout(SCRAPE_MS);
    const told = roles.map(
      async ([name, role]) => [name, await role.metrics(signal).catch(() => undefined)] as const,
    );
    return await joinMetrics(new Map(await Promise.all(told)));
  };
  const view = { readiness, metrics, token: ensureMetricsToken(config) };
  return (request, response) => answerProbe(request, response, view);
}

/** Less than a scraper waits as a rule. */
const SCRAPE_MS = 3_000;
const REGISTRY: readonly RoleName[] = ["registry"];

/** The first two for the roles that are given. Who carries the token is told in full; without a token nobody is. */
export function probesOf(roles: Readonly<Record<string, AskRole>>, token: string | undefined): RawHandler {
  const view = { readiness: joinReadiness(roles), token };
  return (request, response) => answerProbe(request, response, view);
}
