import type { AppRoute, Endpoint } from "../route/index.ts";
import type { RoutingTable } from "../table/index.ts";
import type { AppView } from "./choose-dyno.ts";
import type { SocketContext } from "./proxy-context.ts";
import { RoutedDyno } from "./routed-dyno.ts";
import type { SleepingTraffic } from "./sleeping-traffic.ts";

/** A request that waits for its app to change. */
export interface Waiting {
  appChanged(): void;
}

/** One app's requests and dynos. */
export class AppTraffic implements AppView<RoutedDyno> {
  route: AppRoute;
  inFlight = 0;
  known = false;
  up: readonly RoutedDyno[] = [];
  starting = 0;
  crashed = 0;
  idle = 0;
  /** A request has come since the engine was told last. */
  used = false;
  #sleeps = false;
  readonly #sleeping: SleepingTraffic | undefined;
  readonly waiting = new Set<Waiting>();
  #dynos = new Map<string, RoutedDyno>();

  constructor(route: AppRoute, sleeping?: SleepingTraffic) {
    this.route = route;
    this.#sleeping = sleeping;
  }

  /** Whether the engine wants to hear that it has requests. */
  get isInUse(): boolean {
    return this.#sleeps && (this.used || this.inFlight > 0);
  }

  /** It sleeps, and somebody waits for it. */
  wake(): void {
    const isNeeded = () => this.idle > 0 && this.starting === 0 && this.waiting.size > 0;
    this.#sleeping?.wake(this.route.appId, isNeeded);
  }

  /** Takes the table's word on where dynos are. Dynos that stay keep their connections; those that go are left. */
  update(
    endpoints: readonly Endpoint[] | undefined,
    make: (endpoint: Endpoint, address: Address) => RoutedDyno,
  ): void {
    const before = this.#dynos;
    this.#dynos = new Map();
    this.known = endpoints !== undefined;
    this.starting = 0;
    this.crashed = 0;
    this.idle = 0;
    this.#sleeps = endpoints?.some(({ sleeps }) => sleeps) ?? false;
    for (const endpoint of endpoints ?? []) {
      if (endpoint.state === "crashed") this.crashed += 1;
      else if (endpoint.state === "idle") this.idle += 1;
      else if (endpoint.state === "starting" || !endpoint.address) this.starting += 1;
      else {
        const { host, port } = endpoint.address;
        const key = `${endpoint.dynoId} ${endpoint.name} ${host} ${port}`;
        this.#dynos.set(key, before.get(key) ?? make(endpoint, endpoint.address));
      }
    }
    this.up = [...this.#dynos.values()];
    for (const [key, dyno] of before) if (!this.#dynos.has(key)) dyno.leave();
    for (const waiting of [...this.waiting]) waiting.appChanged();
  }
}

type Address = NonNullable<Endpoint["address"]>;

export interface AllTrafficOptions {
  readonly table: RoutingTable;
  readonly sockets: SocketContext;
  /** Missing: the engine lets no app sleep. */
  readonly sleeping?: SleepingTraffic;
}

/** The traffic of all apps that had any, kept in step with the table. */
export class AllTraffic {
  readonly #apps = new Map<string, AppTraffic>();
  readonly #options: AllTrafficOptions;
  readonly #unsubscribe: () => void;

  constructor(options: AllTrafficOptions) {
    this.#options = options;
    this.#unsubscribe = options.table.subscribe((appId) => this.#changed(appId));
  }

  /** The app behind a host name, undefined when there is none. */
  find(host: string): AppTraffic | undefined {
    const route = this.#options.table.find(host);
    if (!route) return undefined;
    const known = this.#apps.get(route.appId);
    if (known) return known;
    const app = new AppTraffic(route, this.#options.sleeping);
    this.#apps.set(route.appId, app);
    this.#update(route.appId, app);
    return app;
  }

  /** The ids of apps that the engine wants to hear of, each once. */
  takeUsed(): string[] {
    const used = [...this.#apps].filter(([, app]) => app.isInUse);
    for (const [, app] of this.#apps) app.used = false;
    return used.map(([appId]) => appId);
  }

  /** They could not be told. */
  setUsed(appIds: readonly string[]): void {
    for (const appId of appIds) {
      const app = this.#apps.get(appId);
      if (app) app.used = true;
    }
  }

  /** Requests of all apps that dynos work on, and that wait for one. */
  load(): { readonly inFlight: number; readonly waiting: number } {
    let [inFlight, waiting] = [0, 0];
    for (const app of this.#apps.values()) {
      inFlight += app.inFlight;
      waiting += app.waiting.size;
    }
    return { inFlight: Math.max(inFlight - waiting, 0), waiting };
  }

  /** Closes all idle connections; the table is followed no longer. */
  close(): void {
    this.#unsubscribe();
    for (const app of this.#apps.values()) for (const dyno of app.up) dyno.leave();
  }

  #changed(appId: string | undefined): void {
    if (appId === undefined) for (const [id, app] of this.#apps) this.#follow(id, app);
    else {
      const app = this.#apps.get(appId);
      if (app) this.#follow(appId, app);
    }
  }

  #follow(appId: string, app: AppTraffic): void {
    const route = this.#options.table.route(appId);
    if (route) {
      app.route = route;
      this.#update(appId, app);
      return;
    }
    // The app is gone: whoever still waits for it learns that nothing runs.
    this.#apps.delete(appId);
    app.route = { ...app.route, webQuantity: 0 };
    app.update([], this.#makeDyno);
  }

  #update(appId: string, app: AppTraffic): void {
    app.update(this.#options.table.endpoints(appId), this.#makeDyno);
  }

  readonly #makeDyno = (endpoint: Endpoint, address: Address) => {
    return new RoutedDyno({ endpoint, address, sockets: this.#options.sockets });
  };
}
