import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCertificateAuthority } from "../../../edge/certificate/index.ts";
import { type Logger, type Running, silentLogger, systemClock } from "../../../kernel/index.ts";
import { type LocalRoutes, type RemotePeer, startRemoteServer } from "./index.ts";

export const SERVER_NAME = "conifer.internal";
export const SECRET = "s3cret";

export interface RemoteAuthority {
  readonly ca: string;
  issue(name: string): { readonly cert: string; readonly key: string };
}

/** An authority of the test's own; nothing of it is left on the disk. */
export function makeRemoteAuthority(): RemoteAuthority {
  const folder = mkdtempSync(join(tmpdir(), "conifer-remote-ca-"));
  try {
    const authority = openCertificateAuthority({
      caFile: join(folder, "ca.pem"),
      keyFile: join(folder, "keys", "ca.key"),
      now: systemClock,
    });
    return {
      ca: authority.caPem,
      issue: (name) => {
        const { cert, key } = authority.issue([name]);
        return { cert, key };
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface RemoteServing {
  readonly routes?: LocalRoutes;
  readonly passedOn?: Parameters<typeof startRemoteServer>[0]["passedOn"];
  readonly logger?: Logger;
  readonly port?: number;
}

export interface RemoteRig {
  /** Starts a server for these routes, and tells how it is called. */
  serve(serving: RemoteServing): Promise<Running & { readonly peer: RemotePeer }>;
  peerAt(port: number): RemotePeer;
  clear(): Promise<void>;
}

/** Servers over TLS that are gone after the test. */
export function makeRemoteRig(authority: RemoteAuthority): RemoteRig {
  const tls = authority.issue(SERVER_NAME);
  const running: Running[] = [];
  const peerAt = (port: number): RemotePeer => ({
    ...{ host: "127.0.0.1", port, ca: authority.ca },
    ...{ secret: SECRET, serverName: SERVER_NAME },
  });
  return {
    peerAt,
    serve: async ({ routes = {}, passedOn, logger = silentLogger, port = 0 }) => {
      const common = { port, tls, secret: SECRET, routes: [routes], logger };
      const server = await startRemoteServer({ ...common, ...(passedOn ? { passedOn } : {}) });
      running.push(server);
      return { peer: peerAt(server.port), stop: server.stop };
    },
    clear: async () => {
      for (const server of running.splice(0)) await server.stop();
    },
  };
}
