import { readFile } from "node:fs/promises";
import { type Agent, request } from "node:https";
import { join } from "node:path";
import type { ClusterFolders } from "./cluster-folders.ts";
import type { ClusterPlan } from "./cluster-plan.ts";

/** An object as the API server takes it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

interface Call {
  readonly method?: string;
  readonly body?: unknown;
  /** The body's content type. */
  readonly type?: string;
}

/** The API server as the administrator sees it. */
export interface ClusterApi {
  /** Parsed JSON, or the text of what is none. @throws Error with the server's message, also when none answers */
  call(path: string, call?: Call): Promise<unknown>;
  /** Makes an object, or makes it as it is given here. */
  apply(object: KubernetesObject): Promise<void>;
}

const TIMEOUT = 10_000;

/**
 * @param agent keeps connections for many calls; without one each call has its own, and cannot meet a dead one
 * @returns the API of a cluster whose certificates have been made; nothing is asked yet
 */
export async function openClusterApi(
  plan: ClusterPlan,
  folders: ClusterFolders,
  agent?: Agent,
): Promise<ClusterApi> {
  const read = (name: string) => readFile(join(folders.certificates, name));
  const [ca, cert, key] = await Promise.all([read("ca.crt"), read("admin.crt"), read("admin.key")]);
  const call = (path: string, { method = "GET", body, type = "application/json" }: Call = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const options = {
        method,
        ca,
        cert,
        key,
        agent: agent ?? false,
        headers: { "content-type": type },
      } as const;
      const asked = request(new URL(path, plan.server), options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        answer.once("error", reject);
        answer.once("end", () => {
          const good = (answer.statusCode ?? 500) < 300;
          if (good) resolve(parse(text));
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${messageOf(text)}`));
        });
      });
      asked.setTimeout(TIMEOUT, () => asked.destroy(new Error(`${method} ${path}: no answer in time`)));
      asked.once("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return {
    call,
    apply: async (object) => {
      const path = `${pathOf(object)}?fieldManager=conifer-cluster&force=true`;
      await call(path, { method: "PATCH", body: object, type: "application/apply-patch+yaml" });
    },
  };
}

/** Where an object is in the API. Plurals are regular for every kind that this tool makes. */
export function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${root}${namespace}/${plural(kind)}/${metadata.name}`;
}

function plural(kind: string): string {
  const word = kind.toLowerCase();
  if (word.endsWith("s")) return `${word}es`;
  return word.endsWith("y") ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(text: string): string {
  const parsed = parse(text) as { message?: string } | string;
  return (typeof parsed === "object" && parsed !== null ? parsed.message : undefined) ?? text.slice(0, 300);
}
