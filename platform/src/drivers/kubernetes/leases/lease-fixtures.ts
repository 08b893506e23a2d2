import { status } from "../client/api-server-fixtures.ts";
import { type KubeClient, KubeError, type KubeObject } from "../client/index.ts";

export type LeaseClient = Pick<KubeClient, "get" | "create" | "replace">;

/** What becomes of the requests of one process. */
export type LeaseLine = "good" | "refused" | "silent" | "answers lost";

/** The API server's rules for objects by name: versions, conflicts, and what is not there. */
export interface LeaseCluster {
  /** Undefined when it is not there. */
  lease(): KubeObject | undefined;
  remove(): void;
  /** Somebody edits it, whoever holds it. */
  edit(change: (lease: KubeObject) => KubeObject): void;
  /** A process's client; `line` may be changed at any time. */
  connect(): { readonly client: LeaseClient; line: LeaseLine };
}

function refusal(code: number, reason: string): KubeError {
  const answer = status(code, reason, reason) as { reason: string; message: string };
  return new KubeError("leases", { status: code, reason: answer.reason, message: answer.message });
}

export function openLeaseCluster(): LeaseCluster {
  let kept: KubeObject | undefined;
  let version = 0;
  const keep = <T extends KubeObject>(object: T): T => {
    version += 1;
    const made = structuredClone(object);
    kept = { ...made, metadata: { ...made.metadata, resourceVersion: `${version}` } };
    return structuredClone(kept) as T;
  };
  const create = <T extends KubeObject>(object: T): T => {
    if (kept) throw refusal(409, "AlreadyExists");
    return keep(object);
  };
  const replace = <T extends KubeObject>(object: T): T => {
    if (!kept) throw refusal(404, "NotFound");
    if (object.metadata.resourceVersion !== kept.metadata.resourceVersion) throw refusal(409, "Conflict");
    return keep(object);
  };
  const get = <T extends KubeObject>(): T => {
    if (!kept) throw refusal(404, "NotFound");
    return structuredClone(kept) as T;
  };
  return {
    lease: () => kept,
    remove: () => {
      kept = undefined;
    },
    edit: (change) => {
      if (kept) keep(change(kept));
    },
    connect: () => {
      const connected = { line: "good" as LeaseLine, client: undefined as unknown as LeaseClient };
      const over = async <T>(work: () => T): Promise<T> => {
        if (connected.line === "refused") throw new Error("the API server is away");
        if (connected.line === "silent") return await new Promise<never>(() => {});
        const answer = work();
        if (connected.line === "answers lost") throw new Error("the connection broke");
        return answer;
      };
      connected.client = {
        get: <T extends KubeObject>() => over(() => get<T>()),
        create: (object) => over(() => create(object)),
        replace: (object) => over(() => replace(object)),
      };
      return connected;
    },
  };
}
