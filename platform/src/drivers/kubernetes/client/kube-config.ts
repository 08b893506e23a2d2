import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { type ExecCommand, runCredentialCommand } from "./credential-command.ts";
import type { KubeAccess, KubeCredentials } from "./kube-access.ts";

interface NamedEntry {
  readonly name?: unknown;
  readonly [field: string]: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** The cluster that the kubeconfig tells of, where one is named; else the one this process is a pod of. */
export async function openKubeAccess(kubeConfig: string | undefined): Promise<KubeAccess> {
  return kubeConfig ? await readKubeConfig(kubeConfig) : await readInClusterAccess();
}

/**
 * Reads a kubeconfig (YAML or JSON). `context` is its current one unless named. Throws an error that names the file
 * and the missing part.
 */
export async function readKubeConfig(file: string, context?: string): Promise<KubeAccess> {
  const document = parseDocument(await readFile(file, "utf8"), file);
  const name = context ?? text(document["current-context"]);
  if (!name) throw new Error(`${file} has no current context; name one`);
  const chosen = entry({ document, list: "contexts", name, file }, "context");
  const cluster = entry({ document, list: "clusters", name: text(chosen.cluster) ?? "", file }, "cluster");
  const user = entry({ document, list: "users", name: text(chosen.user) ?? "", file }, "user");
  const server = text(cluster.server);
  if (!server) throw new Error(`${file} names no server for ${text(chosen.cluster)}`);
  const folder = dirname(resolve(file));
  return {
    server: server.replace(/\/+$/, ""),
    ca: await material(cluster, "certificate-authority", folder),
    serverName: text(cluster["tls-server-name"]),
    insecure: cluster["insecure-skip-tls-verify"] === true,
    namespace: text(chosen.namespace) ?? "default",
    credentials: userCredentials(user, folder),
  };
}

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Tokens of a pod are renewed after four fifths of their life, an hour at least; so this is soon enough. */
const TOKEN_KEPT_MS = 60_000;

/** The API server of the cluster this process is a pod of; `folder` holds the service account's files. */
export async function readInClusterAccess(
  env: NodeJS.ProcessEnv = process.env,
  folder: string = ACCOUNT,
): Promise<KubeAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (!host) throw new Error("this process is no pod; set KUBECONFIG to reach a cluster from outside");
  const address = host.includes(":") ? `[${host}]` : host;
  return {
    server: `https://${address}:${port}`,
    ca: await readFile(`${folder}/ca.crt`, "utf8"),
    serverName: undefined,
    insecure: false,
    namespace: (await readFile(`${folder}/namespace`, "utf8")).trim(),
    credentials: tokenFile(`${folder}/token`),
  };
}

function userCredentials(user: Fields, folder: string): () => Promise<KubeCredentials> {
  const token = text(user.token);
  const file = text(user.tokenFile);
  if (file) return tokenFile(resolve(folder, file));
  if (user.exec) return runCredentialCommand(user.exec as ExecCommand, folder);
  let read: Promise<KubeCredentials> | undefined;
  const certificate = async (): Promise<KubeCredentials> => {
    const cert = await material(user, "client-certificate", folder);
    const key = await material(user, "client-key", folder);
    return { ...(token ? { token } : {}), ...(cert && key ? { certificate: { cert, key } } : {}) };
  };
  return () => {
    read ??= certificate();
    return read;
  };
}

function tokenFile(file: string): () => Promise<KubeCredentials> {
  let kept: { readonly at: number; readonly token: string } | undefined;
  return async () => {
    if (!kept || performance.now() - kept.at > TOKEN_KEPT_MS)
      kept = { at: performance.now(), token: (await readFile(file, "utf8")).trim() };
    return { token: kept.token };
  };
}

/** PEM that stands in the document in base64 under `<field>-data`, or in a file whose name stands under `<field>`. */
async function material(fields: Fields, field: string, folder: string): Promise<string | undefined> {
  const data = text(fields[`${field}-data`]);
  if (data) return Buffer.from(data, "base64").toString("utf8");
  const file = text(fields[field]);
  return file ? await readFile(resolve(folder, file), "utf8") : undefined;
}

function parseDocument(source: string, file: string): Fields {
  const document: unknown = parse(source);
  if (typeof document !== "object" || document === null) throw new Error(`${file} is no kubeconfig`);
  return document as Fields;
}

function entry(
  at: { readonly document: Fields; readonly list: string; readonly name: string; readonly file: string },
  field: string,
): Fields {
  const list = at.document[at.list];
  const found = Array.isArray(list) ? (list as NamedEntry[]).find(({ name }) => name === at.name) : undefined;
  const value = found?.[field];
  if (typeof value !== "object" || value === null)
    throw new Error(`${at.file} has no ${field} named "${at.name}"`);
  return value as Fields;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
