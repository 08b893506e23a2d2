import { delimiter, dirname, resolve } from "node:path";
import { parse, YAMLParseError } from "yaml";
import type { KubeAccess } from "./kube-access.ts";
import {
  type ConfigEntry,
  type Fields,
  pemOf,
  readNamed,
  text,
  tokenFile,
  userCredentials,
} from "./user-credentials.ts";

interface NamedEntry {
  readonly name?: unknown;
  readonly [field: string]: unknown;
}

/** The cluster that the kubeconfig tells of, where one is named; else the one this process is a pod of. */
export async function openKubeAccess(kubeConfig: string | undefined): Promise<KubeAccess> {
  return kubeConfig ? await readKubeConfig(kubeConfig) : await readInClusterAccess();
}

/**
 * Reads a kubeconfig (YAML or JSON), or several whose names are joined as in PATH: of parts with one name the first
 * counts, and files that are not there are passed over as long as one is. `context` is the current one unless named.
 * Throws an error that names the file and the missing part, and quotes nothing of what may be secret.
 */
export async function readKubeConfig(files: string, context?: string): Promise<KubeAccess> {
  const documents = await readDocuments(files.split(delimiter).filter((file) => file !== ""));
  const find = (list: string, field: string, name: string) => findEntry(documents, { list, field, name });
  const current = documents.map(({ fields }) => text(fields["current-context"])).find(Boolean);
  const name = context ?? current;
  if (!name) throw new Error(`${namesOf(documents)} has no current context; name one under current-context`);
  const { fields: chosen } = find("contexts", "context", name);
  const clusterName = text(chosen.cluster) ?? "";
  const cluster = find("clusters", "cluster", clusterName);
  return {
    server: serverOf(cluster, clusterName),
    ca: await pemOf(cluster, "certificate-authority"),
    serverName: text(cluster.fields["tls-server-name"]),
    insecure: cluster.fields["insecure-skip-tls-verify"] === true,
    context: name,
    namespace: text(chosen.namespace) ?? "default",
    credentials: userCredentials(find("users", "user", text(chosen.user) ?? "")),
  };
}

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The API server of the cluster this process is a pod of; `folder` holds the service account's files. */
export async function readInClusterAccess(
  env: NodeJS.ProcessEnv = process.env,
  folder: string = ACCOUNT,
): Promise<KubeAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host) throw new Error("this process is no pod; set KUBECONFIG to reach a cluster from outside");
  const address = host.includes(":") ? `[${host}]` : host;
  return {
    server: `https://${address}:${port || "443"}`,
    ca: await readNamed(`${folder}/ca.crt`, "the authority of the pod's service account"),
    serverName: undefined,
    insecure: false,
    namespace: (await readNamed(`${folder}/namespace`, "the pod's namespace")).trim(),
    credentials: tokenFile(`${folder}/token`),
  };
}

async function readDocuments(files: readonly string[]): Promise<ConfigEntry[]> {
  const documents: ConfigEntry[] = [];
  let missing: unknown = new Error("KUBECONFIG names no file");
  for (const file of files) {
    try {
      const source = await readNamed(file, "the kubeconfig");
      documents.push({ fields: parseDocument(source, file), file, folder: dirname(resolve(file)) });
    } catch (thrown) {
      if (((thrown as Error).cause as NodeJS.ErrnoException | undefined)?.code !== "ENOENT") throw thrown;
      missing = thrown;
    }
  }
  if (documents.length === 0) throw missing;
  return documents;
}

function parseDocument(source: string, file: string): Fields {
  let document: unknown;
  try {
    document = parse(source, { logLevel: "error" });
  } catch (thrown) {
    // The parser's own words quote the line, which may hold a token.
    const line = thrown instanceof YAMLParseError ? thrown.linePos?.[0].line : undefined;
    throw new Error(`${file} is no valid YAML${line ? `; see line ${line}` : ""}`);
  }
  if (typeof document !== "object" || document === null) throw new Error(`${file} is no kubeconfig`);
  return document as Fields;
}

function findEntry(
  documents: readonly ConfigEntry[],
  { list, field, name }: { readonly list: string; readonly field: string; readonly name: string },
): ConfigEntry {
  for (const document of documents) {
    const entries = document.fields[list];
    const found = Array.isArray(entries)
      ? (entries as (NamedEntry | null)[]).find((entry) => entry?.name === name)
      : undefined;
    const value = found?.[field];
    if (typeof value === "object" && value !== null) return { ...document, fields: value as Fields };
  }
  throw new Error(`${namesOf(documents)} has no ${field} named "${name}"`);
}

/** Without the slash at its end. */
function serverOf({ fields, file }: ConfigEntry, name: string): string {
  const server = text(fields.server);
  if (!server) throw new Error(`${file} names no server for cluster "${name}"`);
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return server.replace(/\/+$/, "");
  throw new Error(`${file}: the server of cluster "${name}" must begin with https:// or http://`);
}

function namesOf(documents: readonly ConfigEntry[]): string {
  return documents.map(({ file }) => file).join(delimiter);
}
