import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type Home, makeHome } from "./home.ts";

/** Every setting of a Conifer process, complete. Read once, at start. */
export interface Config {
  /** CONIFER_HOME: the state directory. Default `~/.conifer`. */
  readonly home: Home;
  /** CONIFER_PORT: the API, git and every other Heroku side host. Default 6400. */
  readonly apiPort: number;
  /** CONIFER_ROUTER_PORT: apps over http. Default 8080. */
  readonly routerPort: number;
  /** CONIFER_ROUTER_TLS_PORT: apps over https. Default 8443. */
  readonly routerTlsPort: number;
  /** CONIFER_LISTEN: addresses to listen on, separated by commas. Default 127.0.0.1, and ::1 where present. */
  readonly listen: readonly string[] | undefined;
  /** CONIFER_DOMAIN: apps answer at `<app>.<domain>`. Default `localhost`. */
  readonly domain: string;
  /** CONIFER_ADMIN_EMAIL, CONIFER_ADMIN_PASSWORD: the first account. Default: made at first start. */
  readonly adminEmail: string | undefined;
  readonly adminPassword: string | undefined;
  /** DATABASE_URL: a PostgreSQL to use instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** CONIFER_ENGINE: where dynos run. */
  readonly engine: "embedded";
  /** CONIFER_CA_BUNDLE: certificates that builds and dynos trust. Default: the host's. */
  readonly caBundle: string | undefined;
  /** CONIFER_RUNTIME_SOURCES: where builds get runtimes, in order: `official`, `registry`, or a mirror's URL. */
  readonly runtimeSources: readonly string[];
  /** CONIFER_RATE_LIMIT: API calls an account may make in an hour. Default 4500. */
  readonly rateLimit: number;
  /** CONIFER_LOG_LEVEL: of Conifer's own diagnostics. Default `info`. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads all settings, and throws one error that names every mistake. */
export function readConfig(env: Environment): Config {
  const mistakes: string[] = [];
  const text = (name: string) => (env[name]?.trim() ? env[name]?.trim() : undefined);
  const number = (name: string, fallback: number, least: number, most: number) => {
    const given = text(name);
    const value = given === undefined ? fallback : Number(given);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    mistakes.push(`${name} must be a whole number from ${least} to ${most}, not "${given}"`);
    return fallback;
  };
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const given = text(name) ?? fallback;
    if ((allowed as readonly string[]).includes(given)) return given as T;
    mistakes.push(`${name} must be one of ${allowed.join(", ")}, not "${given}"`);
    return fallback;
  };
  const list = (name: string) =>
    text(name)
      ?.split(",")
      .map((part) => part.trim())
      .filter(Boolean);
  const root = text("CONIFER_HOME") ?? join(homedir(), ".conifer");
  const domain = (text("CONIFER_DOMAIN") ?? "localhost").toLowerCase();
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(domain))
    mistakes.push(`CONIFER_DOMAIN "${domain}" is not a host name`);
  const config: Config = {
    home: makeHome(isAbsolute(root) ? root : resolve(root)),
    apiPort: number("CONIFER_PORT", 6400, 1, 65_535),
    routerPort: number("CONIFER_ROUTER_PORT", 8080, 1, 65_535),
    routerTlsPort: number("CONIFER_ROUTER_TLS_PORT", 8443, 1, 65_535),
    listen: list("CONIFER_LISTEN"),
    domain,
    adminEmail: text("CONIFER_ADMIN_EMAIL"),
    adminPassword: text("CONIFER_ADMIN_PASSWORD"),
    databaseUrl: text("DATABASE_URL"),
    engine: oneOf("CONIFER_ENGINE", ["embedded"], "embedded"),
    caBundle: text("CONIFER_CA_BUNDLE"),
    runtimeSources: list("CONIFER_RUNTIME_SOURCES") ?? ["official", "registry"],
    rateLimit: number("CONIFER_RATE_LIMIT", 4500, 1, 100_000_000),
    logLevel: oneOf("CONIFER_LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
  };
  if (mistakes.length > 0)
    throw new Error(`Conifer cannot start:\n${mistakes.map((m) => `  - ${m}`).join("\n")}`);
  return config;
}
