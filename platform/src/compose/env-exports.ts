import type { Access } from "./access-file.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a shell's environment has to become: a text sets a variable, undefined takes it away. */
export type EnvironmentChanges = Readonly<Record<string, string | undefined>>;

export interface EnvOptions {
  readonly access: Access;
  /** The shell's variables as they are. */
  readonly env: Environment;
  /** Path of the bundle for NODE_EXTRA_CA_CERTS. */
  readonly caBundle: string;
  /** The form for programs: with the token, so that nobody has to log in (and `heroku login` refuses to run). */
  readonly withToken: boolean;
}

/**
 * The variables that point the stock `heroku` CLI, git and Terraform at this instance, and nothing at any other host.
 * Pure, and stable: the changes for an environment that has them already are the same.
 * (facts: CLI client §1)
 */
export function environmentChanges(options: EnvOptions): EnvironmentChanges {
  const { access, env, withToken } = options;
  const port = new URL(access.api).port;
  const host = `localhost:${port}`;
  return {
    ...cliHosts(host),
    ...quiet,
    ...foreign,
    HEROKU_API_KEY: withToken ? access.token : undefined,
    HEROKU_EMAIL: withToken ? access.email : undefined,
    // Terraform's provider is a Go program that knows only the system's certificates; loopback needs none.
    HEROKU_API_URL: access.api,
    NODE_EXTRA_CA_CERTS: options.caBundle,
    ...noProxy(env),
    ...gitTrust(env, `https://${host}/`, access.ca),
  };
}

/**
 * Every host the client calls and lets a variable name. HEROKU_HOST has to be a form that its allow-list takes with the
 * token: https, exactly `localhost`. Anything else would make it fall back to heroku.com and send the token there.
 * Over https the hosts without a variable fail to connect instead of getting the token in clear text.
 */
function cliHosts(host: string): EnvironmentChanges {
  const url = `https://${host}`;
  return {
    HEROKU_HOST: url,
    HEROKU_GIT_HOST: host,
    // A host name only; scheme and port come from HEROKU_HOST.
    HEROKU_DATA_HOST: "localhost",
    PGDIAGNOSE_URL: "localhost",
    HEROKU_PARTICLEBOARD_URL: url,
    HEROKU_LOGIN_HOST: url,
    HEROKU_BUILDPACK_REGISTRY_URL: url,
    HEROKU_EXEC_URL: `${url}/`,
    HEROKU_STATUS_HOST: url,
    HEROKU_ANALYTICS_URL: `${url}/hamurai`,
    HEROKU_CI_WEBSOCKET_URL: `wss://${host}/socket`,
    SSO_URL: `${url}/saml`,
  };
}

/** Telemetry carries the token to another host; the others make calls nobody asked for. */
const quiet: EnvironmentChanges = {
  DISABLE_TELEMETRY: "true",
  HEROKU_DISABLE_AUTOUPDATE: "1",
  HEROKU_SKIP_NEW_VERSION_CHECK: "true",
  HEROKU_NETRC_WRITE: "true",
};

/** What would send another host's credential here, or ask another host. */
const foreign: EnvironmentChanges = {
  HEROKU_HEADERS: undefined,
  HEROKU_PARTICLEBOARD_HEADERS: undefined,
  HEROKU_API_TOKEN: undefined,
  HEROKU_POSTGRESQL_HOST: undefined,
  HEROKU_REDIS_HOST: undefined,
  HEROKU_CLOUD: undefined,
};

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/** Behind a proxy, loopback has to be named as what needs none. */
function noProxy(env: Environment): EnvironmentChanges {
  if (!PROXIES.some((name) => env[name])) return {};
  const present = (env.NO_PROXY || env.no_proxy || "").split(",").filter((part) => part.trim() !== "");
  const missing = ["localhost", "127.0.0.1"].filter((name) => !present.some((part) => part.trim() === name));
  const value = [...present, ...missing].join(",");
  return { NO_PROXY: value, no_proxy: value };
}

/**
 * Git trusts our authority for our URL only, by configuration in the environment after the entries already there.
 * GIT_SSL_CAINFO overrides all configuration, so its value becomes an entry of the same list.
 */
function gitTrust(env: Environment, url: string, ca: string): EnvironmentChanges {
  const entries = gitEntries(env);
  if (env.GIT_SSL_CAINFO) setEntry(entries, "http.sslCAInfo", env.GIT_SSL_CAINFO);
  setEntry(entries, `http.${url}.sslCAInfo`, ca);
  const pairs = entries.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  return {
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(pairs),
    GIT_SSL_CAINFO: undefined,
  };
}

function gitEntries(env: Environment): [string, string][] {
  const count = Number(env.GIT_CONFIG_COUNT ?? 0);
  if (!Number.isInteger(count) || count < 0) return [];
  return Array.from({ length: count }, (_, i) => [
    env[`GIT_CONFIG_KEY_${i}`] ?? "",
    env[`GIT_CONFIG_VALUE_${i}`] ?? "",
  ]);
}

function setEntry(entries: [string, string][], key: string, value: string): void {
  const found = entries.find(([present]) => present === key);
  if (found) found[1] = value;
  else entries.push([key, value]);
}

/** The changes as lines for `eval` in a POSIX shell. */
export function shellLines(changes: EnvironmentChanges): string {
  return Object.entries(changes)
    .map(([name, value]) => (value === undefined ? `unset ${name}\n` : `export ${name}=${quoted(value)}\n`))
    .join("");
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** The environment with the changes made, for a program started from here. */
export function changedEnvironment(env: Environment, changes: EnvironmentChanges): Environment {
  return Object.fromEntries(
    Object.entries({ ...env, ...changes }).filter(([, value]) => value !== undefined),
  );
}
