import { conflict, pause } from "../../../kernel/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import {
  isConflict,
  isNotFound,
  isPassing,
  KIND,
  type KubeClient,
  KubeError,
  type KubeObject,
  type Pod,
} from "../client/index.ts";
import { isOurs } from "./dyno-labels.ts";

/** Writes objects of a namespace, and never one that is not ours. */
export interface ObjectWriter {
  /** Makes the object, or brings one of ours of that name to what is given. Throws a conflict at a foreign one. */
  ensure<T extends KubeObject>(object: T): Promise<T>;
  /** Makes the object; undefined when one of ours of that name exists. Throws a conflict at a foreign one. */
  create<T extends KubeObject>(object: T): Promise<T | undefined>;
  fix<T extends KubeObject>(object: T): Promise<T>;
  patchPod(name: string, patch: unknown): Promise<Pod | undefined>;
  /** Does nothing when there is no such set, or somebody else has just written it. */
  patchSet(name: string, patch: unknown): Promise<void>;
  remove(kind: typeof KIND.pod | typeof KIND.replicaSet | typeof KIND.secret, name: string): Promise<void>;
}

const TRIES = 6;
const FIRST_PAUSE_MS = 100;

/** Requests that an overloaded server refused, or that did not reach it, are tried again for about three seconds. */
export function makeObjectWriter(options: {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly signal: AbortSignal;
}): ObjectWriter {
  const { client, namespace, signal } = options;
  const again = <T>(work: () => Promise<T>) => tryAgain(work, signal);
  const create = async <T extends KubeObject>(object: T): Promise<T | undefined> => {
    try {
      return await again(() => client.create(object));
    } catch (thrown) {
      if (!(thrown instanceof KubeError && thrown.reason === "AlreadyExists")) throw thrown;
      await requireOurs(client, object);
      return undefined;
    }
  };
  return {
    create,
    ensure: async (object) => (await create(object)) ?? (await again(() => client.apply(object))),
    fix: (object) => again(() => client.apply(object)),
    patchPod: (name, patch) =>
      again(() => client.merge<Pod>({ kind: KIND.pod, namespace }, name, patch)).catch(unlessOvertaken),
    patchSet: async (name, patch) =>
      void (await again(() => client.merge({ kind: KIND.replicaSet, namespace }, name, patch)).catch(
        unlessOvertaken,
      )),
    remove: async (kind, name) => void (await again(() => client.remove({ kind, namespace }, name))),
  };
}

function unlessOvertaken(thrown: unknown): undefined {
  if (isNotFound(thrown) || isConflict(thrown)) return undefined;
  throw thrown;
}

async function requireOurs(client: KubeClient, object: KubeObject): Promise<void> {
  const { namespace, name } = object.metadata;
  const kind = Object.values(KIND).find((one) => one.kind === object.kind);
  if (!kind) throw new Error(`${object.kind} is no kind of ours`);
  const there = await client.get({ kind, ...(namespace ? { namespace } : {}) }, name);
  if (!isOurs(there))
    throw conflict(
      `The cluster has a ${object.kind} ${name} that is not Conifer's, and it is left alone. Remove or rename it.`,
    );
}

export async function tryAgain<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (thrown) {
      if (!isPassing(thrown) || tried === TRIES || signal.aborted) throw thrown;
      const asked = thrown instanceof KubeError ? (thrown.retryAfterSeconds ?? 0) * 1_000 : 0;
      await pause(Math.max(Math.min(asked, 1_000), FIRST_PAUSE_MS * 2 ** (tried - 1)), signal);
    }
  }
}

/** A spec that was told and must be kept, for its values are nowhere else in this process. */
export type ToldSpecs = Map<string, { readonly spec: DynoSpec; readonly dataDigest: string }>;
