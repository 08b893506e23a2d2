import { accessTo, type Exchange, type Feed, openScriptedApi, status } from "./api-server-fixtures.ts";
import { type KubeClient, makeKubeClient, pluralOf } from "./kube-client.ts";
import type { KubeObject } from "./kube-objects.ts";

/** Any object, in the API's own field names. */
export interface HeldObject extends KubeObject {
  readonly [field: string]: unknown;
}

/** One request: `GET`, and `pods/builds/one` or `pods/builds/` for all. */
export interface HeldRequest {
  readonly method: string;
  readonly path: string;
  /** What it brings. */
  readonly object: HeldObject | undefined;
}

/** Status, reason and message of a refusal. */
export type Refusal = readonly [code: number, reason: string, message: string];

/**
 * A cluster that holds objects by the API server's rules: namespaces come first and take all in them along, versions,
 * uids, conflicts, preconditions, labels, owners, and watches. A client speaks to it over a real connection.
 */
export interface HeldCluster {
  readonly client: KubeClient;
  readonly url: string;
  /** Changes that were asked for, such as `PATCH pods/builds/one`. */
  readonly changes: string[];
  /** What becomes of requests before anything is looked at; undefined lets one pass. */
  refuse: (request: HeldRequest) => Refusal | undefined;
  /** What controllers say of an object as soon as it is there; undefined says nothing. */
  control: (object: HeldObject) => unknown;
  /** What a pod's container has written, all of it; undefined says nothing and goes on until the reader leaves. */
  log: (path: string, query: Exchange["query"]) => string | undefined;
  /** Puts an object there without a request. */
  put(object: HeldObject): HeldObject;
  /** Takes one away, and what it owns. */
  drop(path: string): void;
  /** As soon as somebody watches: an object goes without a word, and every watch has lost its way. */
  loseWatches(gone?: string): Promise<void>;
  /** The object at a path such as `pods/builds/one`, `namespaces//builds`. */
  at(path: string): HeldObject | undefined;
  /** All paths, in order; of one collection with its beginning. */
  paths(beginning?: string): string[];
  close(): Promise<void>;
}

interface Watch {
  readonly collection: string;
  readonly selector: string | undefined;
  readonly feed: Feed;
}

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(...refusal: Refusal) {
    super(refusal[2]);
    this.refusal = refusal;
  }
}

/** `/apis/apps/v1/namespaces/a/deployments/b` is `deployments/a/b`. */
function pathOf(url: string): string {
  const parts = url.split("/").slice(url.startsWith("/apis/") ? 4 : 3);
  const [namespace, plural, name] =
    parts[0] === "namespaces" && parts.length > 2 ? [parts[1], parts[2], parts[3]] : ["", parts[0], parts[1]];
  return `${plural}/${namespace}/${name ?? ""}`;
}

const isMatch = ({ metadata: { labels = {} } }: HeldObject, selector: string | undefined) =>
  !selector ||
  selector.split(",").every((part) => {
    const [name = "", value] = part.split("=");
    if (name.startsWith("!")) return !(name.slice(1) in labels);
    return value === undefined ? name in labels : labels[name] === value;
  });

/** As a JSON merge patch does; a null takes a field away. */
function merged(under: unknown, over: unknown): unknown {
  if (!isRecord(over)) return over;
  const fields = isRecord(under) ? { ...under } : {};
  for (const [name, value] of Object.entries(over))
    if (value === null) delete fields[name];
    else fields[name] = merged(fields[name], value);
  return fields;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export async function openHeldCluster(): Promise<HeldCluster> {
  const api = await openScriptedApi();
  const client = makeKubeClient(accessTo(api.url));
  const objects = new Map<string, HeldObject>();
  const watches = new Set<Watch>();
  const awaited: (() => void)[] = [];
  const history: {
    readonly version: number;
    readonly type: string;
    readonly path: string;
    readonly object: HeldObject;
  }[] = [];
  let version = 0;

  const tell = (type: string, path: string, object: HeldObject) => {
    history.push({ version, type, path, object });
    for (const { collection, selector, feed } of watches)
      if (path.startsWith(collection) && isMatch(object, selector)) void feed.event(type, object);
  };
  const keep = (path: string, given: HeldObject): HeldObject => {
    const before = objects.get(path);
    version += 1;
    const isSame = JSON.stringify(before?.spec) === JSON.stringify(given.spec);
    const { generation = 0 } = (before?.metadata ?? {}) as { generation?: number };
    const metadata = {
      creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, version)).toISOString().replace(".000", ""),
      uid: `uid-${version}`,
      ...given.metadata,
      resourceVersion: String(version),
      generation: isSame && before ? generation : generation + 1,
    };
    const said = cluster.control({ ...given, metadata });
    const object = { ...given, metadata, ...(said === undefined ? {} : { status: said }) };
    objects.set(path, object);
    tell(before ? "MODIFIED" : "ADDED", path, object);
    return object;
  };
  const drop = (path: string) => {
    const object = objects.get(path);
    if (!object) return;
    objects.delete(path);
    version += 1;
    tell("DELETED", path, object);
    for (const [other, { metadata }] of [...objects])
      if (
        metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) ||
        (path.startsWith("namespaces//") && metadata.namespace === object.metadata.name)
      )
        drop(other);
  };
  const requireAt = (path: string) => {
    const found = objects.get(path);
    if (!found) throw new Refused(404, "NotFound", `${path} not found`);
    return found;
  };

  const list = (exchange: Exchange, path: string) => {
    // Without a namespace those of all.
    const collection = path.replace(/\/\/$/, "/");
    const { labelSelector, watch } = exchange.query;
    if (watch) {
      const one = { collection, selector: labelSelector, feed: exchange.begin() };
      watches.add(one);
      for (const go of awaited.splice(0)) go();
      void one.feed.closed.then(() => watches.delete(one));
      for (const { version: at, type, path, object } of history)
        if (at > Number(exchange.query.resourceVersion) && path.startsWith(collection))
          if (isMatch(object, labelSelector)) void one.feed.event(type, object);
      return;
    }
    const items = [...objects].filter(
      ([path, object]) => path.startsWith(collection) && isMatch(object, labelSelector),
    );
    exchange.reply(200, {
      metadata: { resourceVersion: String(version) },
      items: items.map(([, object]) => object),
    });
  };
  const write = (exchange: Exchange, path: string, object: HeldObject): HeldObject => {
    // Nobody keeps what is only asked.
    if (path.endsWith("reviews//")) return { ...object, status: cluster.control(object) };
    if (exchange.query.dryRun) return object;
    const { namespace, name, resourceVersion } = object.metadata ?? {};
    if (namespace && !objects.has(`namespaces//${namespace}`))
      throw new Refused(404, "NotFound", `namespaces "${namespace}" not found`);
    switch (exchange.method) {
      case "POST":
        if (objects.has(`${path}${name}`)) throw new Refused(409, "AlreadyExists", `${name} already exists`);
        return keep(`${path}${name}`, object);
      case "PUT":
        if (requireAt(path).metadata.resourceVersion !== resourceVersion)
          throw new Refused(409, "Conflict", `${name} has been modified`);
        return keep(path, object);
      default:
        // A server-side apply may make the object, a merge patch may not.
        if (!exchange.headers["content-type"]?.includes("apply")) requireAt(path);
        return keep(path, merged(objects.get(path), object) as HeldObject);
    }
  };
  const remove = (path: string, options: unknown) => {
    const { metadata } = requireAt(path);
    const { preconditions = {} } = options as { preconditions?: { uid?: string; resourceVersion?: string } };
    for (const field of ["uid", "resourceVersion"] as const)
      if (preconditions[field] && preconditions[field] !== metadata[field])
        throw new Refused(409, "Conflict", `the ${field} is ${metadata[field]}`);
    drop(path);
  };
  api.serve((exchange) => {
    const { method, body } = exchange;
    const path = pathOf(exchange.path);
    const given = body === "" ? undefined : (JSON.parse(body) as HeldObject);
    try {
      const isAsked = method === "GET" || exchange.query.dryRun || path.endsWith("reviews//");
      if (!isAsked) cluster.changes.push(`${method} ${path}`);
      const refusal = cluster.refuse({ method, path, object: given });
      if (refusal) throw new Refused(...refusal);
      if (exchange.path === "/version") exchange.reply(200, { gitVersion: "v1.34.1" });
      else if (exchange.path.endsWith("/log")) {
        const text = cluster.log(path, exchange.query);
        if (text === undefined) exchange.begin();
        else exchange.reply(200, text);
      } else if (method === "GET" && path.endsWith("/")) list(exchange, path);
      else if (method === "GET") exchange.reply(200, requireAt(path));
      else if (method === "DELETE") {
        remove(path, given ?? {});
        exchange.reply(200, status(200, "", ""));
      } else if (given) exchange.reply(200, write(exchange, path, given));
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      exchange.reply(thrown.refusal[0], status(...thrown.refusal));
    }
  });

  const cluster: HeldCluster = {
    client,
    url: api.url,
    changes: [],
    refuse: () => undefined,
    control: () => undefined,
    log: () => "",
    put: (object) => {
      const { namespace = "", name } = object.metadata;
      return keep(`${pluralOf(object)}/${namespace}/${name}`, object);
    },
    drop,
    loseWatches: async (gone = "") => {
      while (watches.size === 0) await new Promise<void>((resolve) => awaited.push(resolve));
      objects.delete(gone);
      for (const { feed } of watches)
        void feed.event("ERROR", status(410, "Expired", "too old resource version")).then(feed.end);
      watches.clear();
    },
    at: (path) => objects.get(path),
    paths: (beginning = "") => [...objects.keys()].filter((path) => path.startsWith(beginning)).toSorted(),
    close: async () => {
      await client.close();
      await api.close();
    },
  };
  return cluster;
}
