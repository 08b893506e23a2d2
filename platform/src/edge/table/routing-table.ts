import type { AppRoute, Endpoint, EndpointNews } from "../route/index.ts";

/** Told after each change: which app changed, or undefined when any may have. */
export type RoutingListener = (appId: string | undefined) => void;

interface Entry {
  readonly version: number;
  /** Undefined once removed: the version is kept, so that an older write cannot bring the route back. */
  readonly route: AppRoute | undefined;
}

/** A write to the table, as it is kept on disk. */
export type RouteWrite =
  | { readonly kind: "replace"; readonly version: number; readonly routes: readonly AppRoute[] }
  | { readonly kind: "put"; readonly version: number; readonly route: AppRoute }
  | { readonly kind: "remove"; readonly version: number; readonly appId: string };

/**
 * The router's index: host → app → endpoints. In memory and synchronous: what is written is seen by the next request.
 *
 * Versions order the writes of each app, not of the whole table: writers of different apps work at the same time, and
 * the later number may arrive first. `replace` counts as a write of every app, named or not;
 * an older `replace` is ignored whole.
 */
export class RoutingTable {
  readonly #entries = new Map<string, Entry>();
  readonly #appOfHost = new Map<string, string>();
  readonly #listeners = new Set<RoutingListener>();
  /** The version of the newest whole table: apps it did not name are gone as of then. */
  #replacedAt = 0;
  #endpoints: Map<string, readonly Endpoint[]> | undefined;

  /** The app that answers at this host: lower case, without port. */
  find(host: string): AppRoute | undefined {
    const appId = this.#appOfHost.get(host);
    return appId === undefined ? undefined : this.#entries.get(appId)?.route;
  }

  route(appId: string): AppRoute | undefined {
    return this.#entries.get(appId)?.route;
  }

  /** All routes there are, in no order. */
  routes(): AppRoute[] {
    return [...this.#entries.values()].flatMap(({ route }) => (route ? [route] : []));
  }

  /** The app's endpoints; undefined while nobody can tell, because the engine is away. */
  endpoints(appId: string): readonly Endpoint[] | undefined {
    return this.#endpoints && (this.#endpoints.get(appId) ?? []);
  }

  /** Makes a write; false when what the table holds is newer. */
  write(write: RouteWrite): boolean {
    switch (write.kind) {
      case "replace":
        return this.#replace(write.version, write.routes);
      case "put":
        return this.#set(write.route.appId, write.version, write.route) && this.#tell(write.route.appId);
      case "remove":
        return this.#set(write.appId, write.version, undefined) && this.#tell(write.appId);
    }
  }

  /** Takes the engine's news. */
  news(news: EndpointNews): void {
    if (news.kind === "all") this.#endpoints = new Map(Object.entries(news.apps));
    else {
      this.#endpoints ??= new Map();
      this.#endpoints.set(news.appId, news.endpoints);
    }
    this.#tell(news.kind === "all" ? undefined : news.appId);
  }

  /** The engine is away, and its dynos with it: until it is heard of again nobody knows where anything is. */
  endpointsLost(): void {
    this.#endpoints = undefined;
    this.#tell(undefined);
  }

  /** Calls the listener after each change, until the returned function is called. */
  subscribe(listener: RoutingListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The writes that make an empty table into this one. */
  *asWrites(): Generator<RouteWrite> {
    yield { kind: "replace", version: this.#replacedAt, routes: [] };
    for (const [appId, { version, route }] of this.#entries) {
      yield route ? { kind: "put", version, route } : { kind: "remove", version, appId };
    }
  }

  #replace(version: number, routes: readonly AppRoute[]): boolean {
    if (version < this.#replacedAt) return false;
    let changed = false;
    const named = new Set(routes.map(({ appId }) => appId));
    for (const [appId, entry] of this.#entries) {
      if (named.has(appId) || entry.version > version) continue;
      this.#unlink(entry.route);
      this.#entries.delete(appId);
      changed = true;
    }
    this.#replacedAt = version;
    for (const route of routes) changed = this.#set(route.appId, version, route) || changed;
    return changed && this.#tell(undefined);
  }

  #set(appId: string, version: number, route: AppRoute | undefined): boolean {
    const before = this.#entries.get(appId);
    if (version < (before?.version ?? this.#replacedAt)) return false;
    this.#unlink(before?.route);
    this.#entries.set(appId, { version, route });
    for (const host of route?.hosts ?? []) this.#appOfHost.set(host, appId);
    return true;
  }

  #unlink(route: AppRoute | undefined): void {
    for (const host of route?.hosts ?? []) {
      // A host that has gone over to another app is that app's now.
      if (this.#appOfHost.get(host) === route?.appId) this.#appOfHost.delete(host);
    }
  }

  #tell(appId: string | undefined): true {
    for (const listener of this.#listeners) listener(appId);
    return true;
  }
}
