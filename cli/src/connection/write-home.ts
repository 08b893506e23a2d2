import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { SecretTexts } from "../installation/installation-keys.ts";

/** What a connection tells the programs of this machine. */
export interface Connected {
  readonly apiPort: number;
  readonly routerPort: number;
  readonly domain: string;
  /** Of the first account: `email`, `password`, `token`. */
  readonly admin: SecretTexts;
  /** The authority of the API's certificates and the apps', PEM. */
  readonly ca: string;
}

/** The home of a cluster's connection, unless one was named: each context has its own. */
export function connectionHome(
  given: string | undefined,
  context: string | undefined,
  namespace: string,
): string {
  if (given !== undefined) return resolve(given);
  const name = [context ?? "cluster", ...(namespace === "conifer-system" ? [] : [namespace])].join("-");
  return join(homedir(), ".conifer", "clusters", name.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^\.+/, "-"));
}

/** Writes `access.json` and `ca.pem`, for this user only, each of them whole. `npm run -s env` reads them. */
export function writeConnectionHome(home: string, connected: Connected): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const ca = join(home, "ca.pem");
  writeWhole(ca, connected.ca);
  const { email = "", password = "", token = "" } = connected.admin;
  const access = {
    api: `http://localhost:${connected.apiPort}`,
    router: `http://localhost:${connected.routerPort}`,
    domain: connected.domain,
    ...{ email, password, token, ca },
  };
  writeWhole(join(home, "access.json"), `${JSON.stringify(access, null, 2)}\n`);
}

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, file);
}
