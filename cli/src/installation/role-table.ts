/** The parts of an installation, in the order in which they are started. */
export const ROLES = ["database", "files", "registry", "logs", "api", "worker", "router", "agent"] as const;
export type Role = (typeof ROLES)[number];

export const PORT = {
  /** The API, git and every other Heroku side host. */
  api: 6400,
  http: 8080,
  https: 8443,
  /** Images to nodes. */
  images: 6450,
  /** Calls of roles to each other. */
  calls: 6460,
  /** `/livez` and `/readyz`. */
  probes: 6461,
  database: 5432,
} as const;
export type PortName = keyof typeof PORT;

/** Files of the Secret with keys. */
export const KEY_FILES = [
  "master.json",
  "ca.key",
  "ca.pem",
  "secret",
  "internal.key",
  "internal.pem",
  "internal-ca.pem",
] as const;
export type KeyFile = (typeof KEY_FILES)[number];

/** What a role is, wherever it runs. */
export interface RoleShape {
  readonly kind: "StatefulSet" | "Deployment" | "DaemonSet";
  /** Beside the one for probes. */
  readonly ports: readonly PortName[];
  /** Where its writable state lies: a volume that outlives the pod, or a folder that ends with it. */
  readonly state: "volume" | "scratch";
  /** Whether it calls the cluster's API, as an account of its own. */
  readonly account: boolean;
  /** Whether it is told the database's address, password included. */
  readonly database: boolean;
  readonly keys: readonly KeyFile[];
  /** How long it has to end in good order. */
  readonly graceSeconds: number;
}

const SERVING: readonly KeyFile[] = ["secret", "internal.key", "internal.pem", "internal-ca.pem"];

const GRACE = 40;

export const ROLE: Readonly<Record<Role, RoleShape>> = {
  database: {
    kind: "StatefulSet",
    ports: ["database"],
    state: "volume",
    account: false,
    database: false,
    keys: ["internal.key", "internal.pem"],
    graceSeconds: GRACE,
  },
  files: {
    kind: "StatefulSet",
    ports: ["calls"],
    state: "volume",
    account: false,
    database: true,
    keys: ["master.json", ...SERVING],
    graceSeconds: GRACE,
  },
  registry: {
    kind: "StatefulSet",
    ports: ["images", "calls"],
    state: "volume",
    account: false,
    database: false,
    keys: ["master.json", ...SERVING],
    graceSeconds: GRACE,
  },
  logs: {
    kind: "StatefulSet",
    ports: ["calls"],
    state: "volume",
    account: false,
    database: false,
    keys: SERVING,
    graceSeconds: GRACE,
  },
  api: {
    kind: "Deployment",
    ports: ["api", "calls"],
    state: "scratch",
    account: true,
    database: true,
    keys: KEY_FILES,
    graceSeconds: GRACE,
  },
  worker: {
    kind: "Deployment",
    ports: [],
    state: "scratch",
    account: true,
    database: true,
    keys: KEY_FILES,
    graceSeconds: GRACE,
  },
  router: {
    kind: "Deployment",
    ports: ["http", "https", "calls"],
    state: "scratch",
    account: true,
    database: false,
    keys: ["ca.key", "ca.pem", ...SERVING],
    graceSeconds: 60,
  },
  agent: {
    kind: "DaemonSet",
    ports: [],
    state: "scratch",
    account: true,
    database: false,
    keys: ["secret", "internal-ca.pem"],
    graceSeconds: GRACE,
  },
};
