import type { Endpoint, RouteTable } from "../../../edge/route/index.ts";
import type { Logger, Running } from "../../../kernel/index.ts";
import {
  type ConfigMap,
  isConflict,
  isNotFound,
  KIND,
  type KubeClient,
  watchObjects,
} from "../client/index.ts";
import {
  makeRouteObject,
  ROUTE_LABEL,
  type RouteEntry,
  readRouteObject,
  routeAppOf,
  routeObjectName,
  sameRoute,
} from "./route-object.ts";

/** What the routers themselves say. */
export interface RouterView {
  /** Resolves when every router that answers knows this version of the app's route, or after a time. */
  reached(appId: string, version: number): Promise<void>;
  /** Where any of them sends requests from now on; undefined while none can tell. */
  endpoints(appId: string): Promise<readonly Endpoint[] | undefined>;
}

export interface KubernetesRouteTableOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly routers: RouterView;
  readonly logger: Logger;
  readonly now: () => number;
}

/** What is known of an app's object. */
interface Known {
  /** As it is recorded. Undefined: it was edited into something else, and any write puts it right. */
  readonly entry: RouteEntry | undefined;
  /** Of the newest write that found it as it should be; not older than the recorded one. */
  readonly newest: number;
  readonly resourceVersion: string | undefined;
  readonly removedAt: number | undefined;
}

const CONCURRENCY = 16;
const TRIES = 8;
/** An app that is gone is remembered so long, for a write that was under way. */
const GONE_KEPT_MS = 3_600_000;

/**
 * The routes as one object for each app. Several processes may write: of two writes of an app the later version stays,
 * and a whole table writes only what is not recorded already. What somebody removes or edits is made anew by the next
 * `replace`.
 */
export async function openKubernetesRouteTable(
  options: KubernetesRouteTableOptions,
): Promise<Running & { readonly routes: RouteTable }> {
  const { client, namespace, logger } = options;
  const known = new Map<string, Known>();
  const take = (object: ConfigMap) => {
    const appId = routeAppOf(object);
    const before = appId ? known.get(appId) : undefined;
    if (!appId || isOlder(object, before)) return;
    const entry = readRouteObject(object);
    const gone = entry !== undefined && entry.route === undefined;
    const removedAt = gone ? (before?.removedAt ?? options.now()) : undefined;
    const { resourceVersion } = object.metadata;
    known.set(appId, { entry, newest: entry?.version ?? 0, resourceVersion, removedAt });
  };
  const watch = watchObjects<ConfigMap>({
    ...{ client, logger },
    place: { kind: KIND.configMap, namespace },
    labelSelector: ROUTE_LABEL,
    listener: {
      replaced: (objects) => {
        const there = new Set(objects.map(routeAppOf));
        for (const appId of [...known.keys()]) if (!there.has(appId)) known.delete(appId);
        for (const object of objects) take(object);
      },
      changed: take,
      removed: (object) => {
        const appId = routeAppOf(object);
        if (appId && !isOlder(object, known.get(appId))) known.delete(appId);
      },
    },
  });
  await watch.ready;
  /** The newest whole table of this process: apps it did not name were gone then. */
  let replacedAt = 0;
  const parts = { client, namespace, known, take };
  const record = async (entry: RouteEntry, leavesSame: boolean) =>
    known.has(entry.appId) || entry.version >= replacedAt
      ? await recordEntry(entry, { ...parts, leavesSame })
      : undefined;
  const write = async (entry: RouteEntry) => {
    const recorded = await record(entry, false);
    if (recorded !== undefined) await options.routers.reached(entry.appId, recorded);
  };
  return {
    routes: {
      put: (version, route) => write({ appId: route.appId, version, route }),
      remove: async (version, appId) => {
        if (!known.has(appId)) await readAgain(appId, parts);
        if (known.has(appId)) await write({ appId, version, route: undefined });
      },
      replace: async (version, routes) => {
        if (version < replacedAt) return;
        replacedAt = version;
        const wanted = new Map(routes.map((route) => [route.appId, route]));
        const gone = [...known.keys()].filter((appId) => !wanted.has(appId));
        const entries = [
          ...routes.map((route): RouteEntry => ({ appId: route.appId, version, route })),
          ...gone.map((appId): RouteEntry => ({ appId, version, route: undefined })),
        ];
        await eachOf(entries, (entry) => record(entry, true));
        await forgetGone(options, known);
      },
      endpoints: (appId) => options.routers.endpoints(appId),
    },
    stop: watch.stop,
  };
}

interface Recording {
  /** Whether what is the same is left as it is: another process may have changed it a moment ago, unknown to us. */
  readonly leavesSame: boolean;
  readonly client: KubeClient;
  readonly namespace: string;
  readonly known: Map<string, Known>;
  readonly take: (object: ConfigMap) => void;
}

/** Whether an object is from before what is known: a watch tells later what a write's answer told already. */
function isOlder({ metadata }: ConfigMap, known: Known | undefined): boolean {
  return Number(metadata.resourceVersion) < Number(known?.resourceVersion);
}

/** Records an entry; undefined when a later one is recorded, else the version under which the same is. */
async function recordEntry(entry: RouteEntry, recording: Recording): Promise<number | undefined> {
  const { client, namespace, known, take } = recording;
  for (let tried = 1; ; tried++) {
    const before = known.get(entry.appId);
    if (before?.entry && before.newest > entry.version) return undefined;
    const leaves = recording.leavesSame || before?.newest === entry.version;
    if (before?.entry && leaves && sameRoute(before.entry.route, entry.route)) {
      known.set(entry.appId, { ...before, newest: entry.version });
      return before.entry.version;
    }
    const resourceVersion = before?.resourceVersion;
    const object = makeRouteObject(entry, { namespace, resourceVersion });
    try {
      take(resourceVersion ? await client.replace(object) : await client.create(object));
      return entry.version;
    } catch (thrown) {
      if (tried === TRIES || !(isConflict(thrown) || isNotFound(thrown))) throw thrown;
      await readAgain(entry.appId, recording);
    }
  }
}

/** Somebody else has written, which the watch will tell later. */
async function readAgain(
  appId: string,
  { client, namespace, known, take }: Omit<Recording, "leavesSame">,
): Promise<void> {
  try {
    take(await client.get<ConfigMap>({ kind: KIND.configMap, namespace }, routeObjectName(appId)));
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
    known.delete(appId);
  }
}

async function forgetGone(
  { client, namespace, now }: KubernetesRouteTableOptions,
  known: Map<string, Known>,
): Promise<void> {
  const old = [...known].filter(
    ([, { removedAt }]) => removedAt !== undefined && now() - removedAt > GONE_KEPT_MS,
  );
  await eachOf(old, async ([appId, { resourceVersion }]) => {
    const place = { kind: KIND.configMap, namespace };
    const options = resourceVersion ? { resourceVersion } : {};
    await client.remove(place, routeObjectName(appId), options).catch((thrown: unknown) => {
      if (!isConflict(thrown)) throw thrown;
    });
    known.delete(appId);
  });
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}
