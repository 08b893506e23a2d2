import { addAbortSignal, PassThrough } from "node:stream";
import { type ConfigMap, type KubeClient, KubeError, type KubeObject } from "../client/index.ts";

/**
 * ConfigMaps with the API server's rules: versions that count all writes, conflicts, watches from a version. A test may
 * hold back what watches tell.
 */
export interface RouteCluster {
  readonly client: KubeClient;
  /** Every write that was taken, such as `create route-a`, and every read of one object. */
  readonly asked: string[];
  objects(): ConfigMap[];
  object(name: string): ConfigMap | undefined;
  /** A write of somebody else, at once and without a question. */
  put(object: ConfigMap): void;
  drop(name: string): void;
  /** Watches tell nothing until the next `tell`. */
  hold(): void;
  tell(): void;
  /** How many of the next writes are refused with this status. */
  refuse(status: number, times: number): void;
}

export function openRouteCluster(): RouteCluster {
  const objects = new Map<string, ConfigMap>();
  const history: { readonly version: number; readonly line: string }[] = [];
  const watches = new Set<PassThrough>();
  const asked: string[] = [];
  let version = 1;
  let held: string[] | undefined;
  let refusals = { status: 0, times: 0 };
  const refuse = (status: number): KubeError =>
    new KubeError("routes", { status, reason: "", message: "no" });
  const note = (type: string, object: KubeObject) => {
    const line = `${JSON.stringify({ type, object })}\n`;
    history.push({ version, line });
    if (held) held.push(line);
    else for (const watch of watches) watch.write(line);
  };
  const keep = (object: KubeObject): ConfigMap => {
    const type = objects.has(object.metadata.name) ? "MODIFIED" : "ADDED";
    version += 1;
    const kept = structuredClone(object) as ConfigMap;
    const made = { ...kept, metadata: { ...kept.metadata, resourceVersion: `${version}` } };
    objects.set(object.metadata.name, made);
    note(type, made);
    return made;
  };
  const drop = (name: string) => {
    const object = objects.get(name);
    if (!object || !objects.delete(name)) return;
    version += 1;
    note("DELETED", { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } });
  };
  const meet = () => {
    if (refusals.times <= 0) return;
    refusals = { ...refusals, times: refusals.times - 1 };
    throw refuse(refusals.status);
  };
  const client = {
    get: async (_place: unknown, name: string) => {
      asked.push(`get ${name}`);
      const object = objects.get(name);
      if (!object) throw refuse(404);
      return object;
    },
    create: async (object: KubeObject) => {
      meet();
      if (objects.has(object.metadata.name)) throw refuse(409);
      asked.push(`create ${object.metadata.name}`);
      return keep(object);
    },
    replace: async (object: KubeObject) => {
      meet();
      const { name, resourceVersion } = object.metadata;
      if (!objects.has(name)) throw refuse(404);
      if (objects.get(name)?.metadata.resourceVersion !== resourceVersion) throw refuse(409);
      asked.push(`replace ${name}`);
      return keep(object);
    },
    remove: async (_place: unknown, name: string, options: { resourceVersion?: string } = {}) => {
      const object = objects.get(name);
      if (!object) return false;
      if (options.resourceVersion && object.metadata.resourceVersion !== options.resourceVersion)
        throw refuse(409);
      asked.push(`remove ${name}`);
      drop(name);
      return true;
    },
    list: async () => ({ resourceVersion: `${version}`, items: [...objects.values()], continue: undefined }),
    stream: async (_path: string, query: { resourceVersion?: unknown }, signal: AbortSignal) => {
      const watch = addAbortSignal(signal, new PassThrough());
      watch.on("error", () => {});
      const since = Number(query.resourceVersion);
      for (const event of history) if (event.version > since) watch.write(event.line);
      watches.add(watch);
      watch.once("close", () => watches.delete(watch));
      return watch;
    },
  } as unknown as KubeClient;
  return {
    ...{ client, asked, drop },
    objects: () => [...objects.values()],
    object: (name) => objects.get(name),
    put: keep,
    hold: () => {
      held = [];
    },
    tell: () => {
      for (const line of held ?? []) for (const watch of watches) watch.write(line);
      held = undefined;
    },
    refuse: (status, times) => {
      refusals = { status, times };
    },
  };
}
