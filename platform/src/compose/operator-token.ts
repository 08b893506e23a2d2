import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { Home } from "./home.ts";
import { readOrMakeSecret } from "./supervisor-home.ts";

/** Where the token is that may read metrics and readiness in full, unless the settings hold one. */
export function metricsTokenFile(home: Home): string {
  return join(home.keys, "metrics.token");
}

/** The token of the settings, or the home's own, which is made once. */
export function ensureMetricsToken({ home, metricsToken }: Pick<Config, "home" | "metricsToken">): string {
  if (metricsToken !== undefined) return metricsToken;
  return readOrMakeSecret(metricsTokenFile(home), () => randomBytes(32).toString("base64url")).trim();
}

/** Whether a request has the token as its Bearer value. Nobody has when there is none. */
export function carriesToken(request: IncomingMessage, token: string | undefined): boolean {
  const [, given] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (given === undefined || token === undefined) return false;
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
