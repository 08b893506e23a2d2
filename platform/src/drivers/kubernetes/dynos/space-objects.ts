import type { Logger, Running } from "../../../kernel/index.ts";
import {
  type ConfigMap,
  KIND,
  type KubeClient,
  type KubeKind,
  type KubeObject,
  type Pod,
  type ReplicaSet,
  watchObjects,
} from "../client/index.ts";
import { type AppRecord, readAppRecord } from "./app-record.ts";
import { OURS } from "./dyno-labels.ts";
import { type KeptSecret, keptObject } from "./kept-objects.ts";
import { type AppObjects, idsOf, type SecretTrace } from "./plan-objects.ts";

/** A record and where a write must begin. */
export interface KnownRecord {
  readonly record: AppRecord | undefined;
  readonly resourceVersion: string | undefined;
}

/** What a namespace holds of ours, kept up to date by watches: of each object what is asked of it. Values of Secrets are not kept. */
export interface SpaceObjects extends Running {
  /** Resolves when everything has been listed once. */
  readonly ready: Promise<unknown>;
  appIds(): ReadonlySet<string>;
  of(appId: string): AppObjects;
  record(appId: string): KnownRecord | undefined;
  secret(dynoId: string): SecretTrace | undefined;
  allPods(): Iterable<Pod>;
  allSets(): Iterable<ReplicaSet>;
  /** Another number once anything here is another. */
  state(): number;
  /** Takes over what a write answered, before the watch tells it; an older version than the known one is ignored. */
  take(object: KubeObject): void;
}

export interface SpaceObjectsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly logger: Logger;
  /** Which kinds are watched. Default: all of them. */
  readonly kinds?: readonly KubeKind[] | undefined;
  /** Told after each change, with the app it concerns, and after each list, of all that have or had anything. */
  readonly onChange: (appId: string, why: "changed" | "listed") => void;
  /** The app's record was removed by somebody; the last one is given. */
  readonly onRecordLost: (record: AppRecord) => void;
}

/** What tells where an app's dynos are. */
export const ROUTED_KINDS: readonly KubeKind[] = [KIND.configMap, KIND.pod];
/** What tells how they fare: a set knows why it has no pod. The rest is for who makes them. */
export const VIEWED_KINDS: readonly KubeKind[] = [...ROUTED_KINDS, KIND.replicaSet];
const KINDS: readonly KubeKind[] = [KIND.configMap, KIND.secret, KIND.replicaSet, KIND.pod];

export function watchSpace(options: SpaceObjectsOptions): SpaceObjects {
  const shelves = new Shelves();
  const watches = (options.kinds ?? KINDS).map((kind) =>
    watchObjects<KubeObject>({
      client: options.client,
      place: { kind, namespace: options.namespace },
      labelSelector: OURS,
      logger: options.logger,
      keep: keptObject,
      listener: {
        replaced: (objects) => {
          const before = kind === KIND.configMap ? [...shelves.records.values()] : [];
          const apps = shelves.replace(kind, objects);
          for (const { record } of before)
            if (record && !shelves.records.has(record.appId)) options.onRecordLost(record);
          for (const appId of apps) options.onChange(appId, "listed");
        },
        changed: (object) => tell(shelves.put(object)),
        removed: (object) => {
          const { appId } = idsOf(object);
          const lost = kind === KIND.configMap && appId ? shelves.records.get(appId)?.record : undefined;
          // Its last state may hold how its process ended.
          shelves.put(object);
          if (appId && kind === KIND.pod) options.onChange(appId, "changed");
          shelves.drop(object);
          if (lost) options.onRecordLost(lost);
          tell(appId);
        },
      },
    }),
  );
  const tell = (appId: string | undefined) => {
    if (appId) options.onChange(appId, "changed");
  };
  return {
    ready: Promise.all(watches.map(({ ready }) => ready)),
    appIds: () => shelves.appIds(),
    of: (appId) => shelves.of(appId),
    record: (appId) => shelves.records.get(appId),
    secret: (dynoId) => shelves.secrets.get(dynoId)?.trace,
    allPods: () => shelves.allPods(),
    allSets: () => shelves.allSets(),
    state: () => shelves.state,
    take: (object) => tell(shelves.put(keptObject(object))),
    stop: async () => {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}

/** One place for each kind, of what is kept of objects. Objects of an app are found by its id. */
class Shelves {
  readonly records = new Map<string, KnownRecord>();
  readonly secrets = new Map<string, { readonly appId: string; readonly trace: SecretTrace }>();
  readonly #sets = new Map<string, ReplicaSet>();
  /** By dyno id, then by name. */
  readonly #pods = new Map<string, Map<string, Pod>>();
  /** Dyno ids by app; an id stays as long as an object names it. */
  readonly #dynos = new Map<string, Set<string>>();
  /** Grows with each change. */
  state = 0;

  appIds(): ReadonlySet<string> {
    return new Set([...this.records.keys(), ...this.#dynos.keys()]);
  }

  *allPods(): Iterable<Pod> {
    for (const pods of this.#pods.values()) yield* pods.values();
  }

  allSets(): Iterable<ReplicaSet> {
    return this.#sets.values();
  }

  of(appId: string): AppObjects {
    const ids = [...(this.#dynos.get(appId) ?? [])];
    const pick = <T>(from: (id: string) => T | undefined) =>
      new Map(
        ids.flatMap((id) => {
          const found = from(id);
          return found === undefined ? [] : [[id, found] as const];
        }),
      );
    return {
      record: this.records.get(appId)?.record,
      secrets: pick((id) => this.secrets.get(id)?.trace),
      sets: pick((id) => this.#sets.get(id)),
      pods: pick((id) => {
        const pods = this.#pods.get(id);
        return pods && pods.size > 0 ? [...pods.values()] : undefined;
      }),
    };
  }

  /** The app the object belongs to; undefined when it is older than what is known. */
  put(object: KubeObject): string | undefined {
    const { appId, dynoId } = idsOf(object);
    if (!appId) return undefined;
    if (isOlder(object, this.#known(object, { appId, dynoId }))) return undefined;
    this.state += 1;
    if (object.kind === KIND.configMap.kind) {
      const { resourceVersion } = object.metadata;
      this.records.set(appId, { record: readAppRecord(object as ConfigMap), resourceVersion });
      return appId;
    }
    if (!dynoId) return undefined;
    this.#dynos.set(appId, (this.#dynos.get(appId) ?? new Set()).add(dynoId));
    if (object.kind === KIND.secret.kind)
      this.secrets.set(dynoId, { appId, trace: (object as KeptSecret).trace });
    else if (object.kind === KIND.replicaSet.kind) this.#sets.set(dynoId, object as ReplicaSet);
    else {
      const pods = this.#pods.get(dynoId) ?? new Map<string, Pod>();
      this.#pods.set(dynoId, pods.set(object.metadata.name, object as Pod));
    }
    return appId;
  }

  drop(object: KubeObject): void {
    const { appId, dynoId } = idsOf(object);
    if (!appId) return;
    this.state += 1;
    if (object.kind === KIND.configMap.kind) this.records.delete(appId);
    if (!dynoId) return;
    if (object.kind === KIND.secret.kind) this.secrets.delete(dynoId);
    else if (object.kind === KIND.replicaSet.kind) this.#sets.delete(dynoId);
    else if (object.kind === KIND.pod.kind) this.#pods.get(dynoId)?.delete(object.metadata.name);
    this.#forget(appId, dynoId);
  }

  /** These are all of the kind. Returns the apps that had or have any. */
  replace(kind: KubeKind, objects: readonly KubeObject[]): Set<string> {
    const apps = new Set(this.#appsWith(kind));
    this.state += 1;
    if (kind === KIND.configMap) this.records.clear();
    else if (kind === KIND.secret) this.secrets.clear();
    else if (kind === KIND.replicaSet) this.#sets.clear();
    else this.#pods.clear();
    for (const object of objects) {
      const appId = this.put(object);
      if (appId) apps.add(appId);
    }
    for (const [appId, ids] of this.#dynos) for (const id of [...ids]) this.#forget(appId, id);
    return apps;
  }

  #appsWith(kind: KubeKind): Iterable<string> {
    return kind === KIND.configMap ? this.records.keys() : this.#dynos.keys();
  }

  #forget(appId: string, dynoId: string): void {
    if ((this.#pods.get(dynoId)?.size ?? 0) > 0) return;
    this.#pods.delete(dynoId);
    if (this.secrets.has(dynoId) || this.#sets.has(dynoId)) return;
    const ids = this.#dynos.get(appId);
    ids?.delete(dynoId);
    if (ids?.size === 0) this.#dynos.delete(appId);
  }

  #known(object: KubeObject, at: { appId: string; dynoId: string | undefined }): string | undefined {
    const { appId, dynoId = "" } = at;
    if (object.kind === KIND.configMap.kind) return this.records.get(appId)?.resourceVersion;
    if (object.kind === KIND.secret.kind) return this.secrets.get(dynoId)?.trace.resourceVersion;
    if (object.kind === KIND.replicaSet.kind) return this.#sets.get(dynoId)?.metadata.resourceVersion;
    return this.#pods.get(dynoId)?.get(object.metadata.name)?.metadata.resourceVersion;
  }
}

/** Versions of one object are numbers that grow, whatever their length. */
function isOlder({ metadata }: KubeObject, known: string | undefined): boolean {
  const version = metadata.resourceVersion;
  if (known === undefined || version === undefined) return false;
  return version.length === known.length ? version < known : version.length < known.length;
}
