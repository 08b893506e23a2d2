import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { openCertificateAuthority } from "../../platform/src/edge/certificate/index.ts";
import { type ClusterFolders, clusterFolders } from "./cluster-folders.ts";
import { type ClusterPlan, type ClusterSettings, planCluster } from "./cluster-plan.ts";

/** A request as the scripted API server saw it. */
export interface SeenCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly type: string;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** What the script answers; an object becomes JSON. Undefined: 404, as the API server says it. */
export type ScriptedAnswer = { readonly status?: number; readonly body: unknown } | "hang up" | undefined;

export type Script = (call: SeenCall) => ScriptedAnswer;

export interface ScriptedApi {
  readonly plan: ClusterPlan;
  readonly folders: ClusterFolders;
  readonly calls: SeenCall[];
  /** How many connections there were. */
  connections(): number;
  /** Whether every caller showed the administrator's certificate. */
  onlyAdmin(): boolean;
  /** Also removes its files. */
  close(): Promise<void>;
}

/** An API server over TLS on a free port that answers by a script, and a cluster's folders with the credentials for it. */
export async function scriptApi(
  script: Script,
  settings: Partial<ClusterSettings> = {},
): Promise<ScriptedApi> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-api-"));
  const name = settings.name ?? "scripted";
  const folders = clusterFolders(name, { CONIFER_CLUSTER_STATE: join(folder, "data"), HOME: folder });
  const now = () => new Date();
  const authority = openCertificateAuthority({
    caFile: join(folder, "ca"),
    keyFile: join(folder, "key"),
    now,
  });
  const admin = authority.issue(["admin"]);
  mkdirSync(folders.certificates, { recursive: true });
  const files = { "ca.crt": authority.caPem, "admin.crt": admin.cert, "admin.key": admin.key };
  for (const [file, pem] of Object.entries(files)) writeFileSync(join(folders.certificates, file), pem);
  const { fingerprint256 } = new X509Certificate(admin.cert);

  const calls: SeenCall[] = [];
  const callers = new Set<string>();
  let connections = 0;
  const { cert, key } = authority.issue(["127.0.0.1"]);
  const options = { cert, key, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, async (request, response) => {
    callers.add((request.socket as TLSSocket).getPeerCertificate().fingerprint256);
    const sent = await text(request);
    const call = {
      method: request.method ?? "",
      path: request.url ?? "",
      type: request.headers["content-type"] ?? "",
      body: sent === "" ? undefined : (JSON.parse(sent) as unknown),
    };
    calls.push(call);
    const answer = script(call) ?? { status: 404, body: { kind: "Status", message: "not found" } };
    if (answer === "hang up") {
      request.socket.destroy();
      return;
    }
    response.statusCode = answer.status ?? 200;
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  });
  server.on("secureConnection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const plan = planCluster({ slot: 1, nodes: 1, dualStack: false, egress: true, ...settings, name });
  return {
    plan: { ...plan, server: `https://127.0.0.1:${port}` },
    folders,
    calls,
    connections: () => connections,
    onlyAdmin: () => [...callers].join() === fingerprint256,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
