import type { Config } from "./config.ts";

/** The processes of one machine. */
export type RoleName = "control" | "host" | "router" | "registry";

/** The processes of an installation in a cluster, each a pod of its own. */
export type ClusterRoleName =
  | "api"
  | "worker"
  | "files"
  | "logs"
  | "database"
  | "registry"
  | "router"
  | "agent";

type Environment = Readonly<Record<string, string | undefined>>;

/** What only the control process may see. */
const CONTROL_ONLY = [
  "DATABASE_URL",
  "CONIFER_ADMIN_EMAIL",
  "CONIFER_ADMIN_PASSWORD",
  "CONIFER_ADMIN_TOKEN",
  "CONIFER_METRICS_TOKEN",
];

/** What only the router may see. */
const ROUTER_ONLY = ["CONIFER_ACME_KEY_ID", "CONIFER_ACME_KEY"];

/** What belongs to the `npm start` that began this. */
const OF_THE_START = ["INIT_CWD", "CONIFER_PARENT"];

/**
 * The environment of one of Conifer's processes: the operator's, without what npm added for its own script and
 * without the secrets that the role has no use for. The home is given in full, so that it means the same anywhere.
 */
export function childEnvironment(role: RoleName, env: Environment, config: Config, databaseUrl: string) {
  const kept = Object.entries(env).filter(
    ([name]) =>
      !/^npm_/i.test(name) &&
      !OF_THE_START.includes(name) &&
      (role === "control" || !CONTROL_ONLY.includes(name)) &&
      (role === "router" || !ROUTER_ONLY.includes(name)),
  );
  return {
    ...Object.fromEntries(kept),
    CONIFER_HOME: config.home.root,
    ...(role === "control" ? { DATABASE_URL: databaseUrl } : {}),
  };
}
