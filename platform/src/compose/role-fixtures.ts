import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RemotePeer } from "../drivers/embedded/local/index.ts";
import { openCertificateAuthority } from "../edge/certificate/index.ts";
import { systemClock } from "../kernel/index.ts";
import { peerAt } from "./cluster-peers.ts";
import { type Config, readConfig } from "./config.ts";
import { ensureMasterKey } from "./master-key.ts";

export const ROLE_SECRET = "what the roles of this test share";

/** The place of a role's process: its settings, its keys as an installation makes them, its home. */
export interface RolePlace {
  readonly folder: string;
  readonly config: Config;
  /** Another role of the installation: the same keys, a home of its own. */
  configOf(role: string, settings?: Readonly<Record<string, string>>): Config;
  /** How the other roles would call one that listens there. */
  peer(port: number): RemotePeer;
  remove(): void;
}

const SETTINGS = {
  CONIFER_ENGINE: "kubernetes",
  CONIFER_SYSTEM_NAMESPACE: "conifer-system",
  CONIFER_REGISTRY_ADDRESS: "127.0.0.1:6450",
  CONIFER_LISTEN: "127.0.0.1",
  POD_NAME: "conifer-test-0",
};

export function makeRolePlace(settings: Readonly<Record<string, string>> = {}): RolePlace {
  const folder = mkdtempSync(join(tmpdir(), "conifer-role-"));
  const keys = join(folder, "keys");
  const configOf = (role: string, more: Readonly<Record<string, string>> = {}) => {
    const root = join(folder, role);
    mkdirSync(root, { recursive: true, mode: 0o700 });
    return readConfig({ ...SETTINGS, CONIFER_HOME: root, CONIFER_KEYS: keys, ...settings, ...more });
  };
  const config = configOf("home");
  const files = { caFile: join(keys, "internal-ca.pem"), keyFile: join(keys, "internal-ca.key") };
  const { cert, key } = openCertificateAuthority({ ...files, now: systemClock }).issue(["conifer.internal"]);
  writeFileSync(join(keys, "internal.pem"), cert);
  writeFileSync(join(keys, "internal.key"), key, { mode: 0o600 });
  writeFileSync(config.home.secretFile, `${ROLE_SECRET}\n`, { mode: 0o600 });
  ensureMasterKey(config.home);
  openCertificateAuthority({ caFile: config.home.caFile, keyFile: join(keys, "ca.key"), now: systemClock });
  return {
    ...{ folder, config, configOf },
    peer: (port) => ({ ...peerAt("127.0.0.1", config), port }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A port that nobody has just now. */
export async function idlePort(): Promise<number> {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}
