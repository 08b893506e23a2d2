import { join } from "node:path";

/** Where everything is under `CONIFER_HOME`. Folders and files are made by their owners. */
export interface Home {
  readonly root: string;
  readonly accessFile: string;
  readonly caFile: string;
  readonly caBundleFile: string;
  readonly keys: string;
  /** Certificates that an ACME server issued, with their keys and the account's. */
  readonly acme: string;
  readonly run: string;
  readonly secretFile: string;
  readonly pidFile: string;
  readonly controlSocket: string;
  readonly hostSocket: string;
  readonly routerSocket: string;
  readonly postgresData: string;
  readonly postgresSocketDir: string;
  readonly git: string;
  readonly sources: string;
  readonly images: string;
  readonly repositories: string;
  readonly layers: string;
  readonly buildCache: string;
  readonly builders: string;
  readonly dynos: string;
  readonly builds: string;
  readonly logs: string;
  readonly state: string;
  readonly log: string;
  readonly downloads: string;
}

/** `keys`: a folder with the keys, the authority's certificate and the run secret, where somebody else has made them. */
export function makeHome(root: string, keys?: string): Home {
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    root,
    accessFile: at("access.json"),
    caFile: keys ? join(keys, "ca.pem") : at("ca.pem"),
    caBundleFile: at("ca-bundle.pem"),
    keys: keys ?? at("keys"),
    acme: at("acme"),
    run: at("run"),
    secretFile: keys ? join(keys, "secret") : at("run", "secret"),
    pidFile: at("run", "supervisor.json"),
    controlSocket: at("run", "control.sock"),
    hostSocket: at("run", "host.sock"),
    routerSocket: at("run", "router.sock"),
    postgresData: at("postgres"),
    postgresSocketDir: at("run", "pg"),
    git: at("git"),
    sources: at("sources"),
    images: at("images"),
    repositories: at("repositories"),
    layers: at("layers"),
    buildCache: at("build-cache"),
    builders: at("builders"),
    dynos: at("dynos"),
    builds: at("builds"),
    logs: at("logs"),
    state: at("state"),
    log: at("log"),
    downloads: at("downloads"),
  };
}
