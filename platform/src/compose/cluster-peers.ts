import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LocalRoutes, type RemotePeer, startRemoteServer } from "../drivers/embedded/local/index.ts";
import type { Logger } from "../kernel/index.ts";
import type { Tracer } from "../observe/trace/index.ts";
import type { Config } from "./config.ts";
import { readSecret } from "./control-context.ts";
import { traceCalls } from "./trace-work.ts";

/** Where roles call each other, over TLS. */
export const INTERNAL_PORT = 6460;
/** The name in the one certificate that all roles show each other. */
const SERVER_NAME = "conifer.internal";

export type CalledRole = "files" | "logs" | "registry";

/** A role of the installation, by its Service. With a tracer, calls within a span go on with its trace there. */
export function clusterPeer(role: CalledRole, config: Config, tracer?: Tracer): RemotePeer {
  const peer = peerAt(`conifer-${role}.${systemNamespace(config)}.svc`, config);
  return tracer ? { ...peer, traceparent: tracer.traceparent } : peer;
}

/** A role's pod, by its address. */
export function peerAt(host: string, { home }: Config): RemotePeer {
  return {
    host,
    port: INTERNAL_PORT,
    secret: readSecret(home),
    ca: readFileSync(join(home.keys, "internal-ca.pem"), "utf8"),
    serverName: SERVER_NAME,
  };
}

/** The name that a process in the cluster has been given for where it is. Throws when it is somewhere else. */
export function systemNamespace({ systemNamespace: namespace }: Config): string {
  if (namespace) return namespace;
  throw new Error(
    "CONIFER_SYSTEM_NAMESPACE is not set. This role runs in a cluster only: see `conifer install`.",
  );
}

export interface RoleServerOptions {
  readonly config: Config;
  readonly routes: readonly LocalRoutes[];
  readonly passedOn?: Parameters<typeof startRemoteServer>[0]["passedOn"];
  readonly logger: Logger;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
  /** Default: where the other roles expect it. */
  readonly port?: number | undefined;
}

/** Serves a role's calls to the other roles. */
export async function startRoleServer({
  config,
  port = INTERNAL_PORT,
  tracer,
  ...options
}: RoleServerOptions): ReturnType<typeof startRemoteServer> {
  const { home } = config;
  const read = (name: string) => readFileSync(join(home.keys, name), "utf8");
  return await startRemoteServer({
    ...options,
    ...(tracer && { around: traceCalls(tracer) }),
    port,
    secret: readSecret(home),
    tls: { cert: read("internal.pem"), key: read("internal.key") },
  });
}
