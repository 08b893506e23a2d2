import { makeNewsHub } from "../../kernel/index.ts";
import type { DynoNews, DynoObservation } from "../../runtime/dyno/index.ts";
import { endpointsOf, type ToldDyno } from "./endpoint-view.ts";
import type { Endpoint, EndpointNews } from "./route.ts";

/** Tells watchers what the dynos do, and the router where they are. */
export interface DynoBroadcast {
  /** To be called after every step of a dyno; tells nothing when nothing changed for others. */
  changed(before: DynoObservation | undefined, after: ToldDyno): void;
  /** Endpoints that change within the work are told when it is done: each app's new set in one piece. */
  together(work: () => void): void;
  watchDynos(signal: AbortSignal): AsyncGenerator<DynoNews>;
  watchEndpoints(signal: AbortSignal): AsyncGenerator<EndpointNews>;
}

export interface BroadcastSource {
  all(): Iterable<ToldDyno>;
  ofApp(appId: string): Iterable<ToldDyno>;
}

/** One-off dynos that have ended are told to new watchers too: one that was away learns how its command ended. */
const ENDED_KEPT = 200;

export function makeDynoBroadcast(source: BroadcastSource): DynoBroadcast {
  const dynos = makeNewsHub<DynoNews>();
  const endpoints = makeNewsHub<EndpointNews>();
  const told = new Map<string, string>();
  const ended = new Map<string, DynoObservation>();
  const waiting = new Set<string>();
  let depth = 0;
  const tellEndpoints = (appId: string) => {
    const now = endpointsOf(source.ofApp(appId));
    const text = JSON.stringify(now);
    if ((told.get(appId) ?? "[]") === text) return;
    if (now.length === 0) told.delete(appId);
    else told.set(appId, text);
    endpoints.publish(appId, { kind: "app", appId, endpoints: now });
  };
  const flush = () => {
    for (const appId of waiting) tellEndpoints(appId);
    waiting.clear();
  };
  const together = (work: () => void) => {
    depth++;
    try {
      work();
    } finally {
      depth--;
      if (depth === 0) flush();
    }
  };
  return {
    changed: (before, { observation: dyno, oneOff }) => {
      if (before && same(before, dyno)) return;
      ended.delete(dyno.id);
      if (dyno.state.kind === "complete" && oneOff) keep(ended, dyno);
      dynos.publish(dyno.id, { kind: "changed", dyno });
      together(() => waiting.add(dyno.appId));
    },
    together,
    watchDynos: (signal) =>
      dynos.watch(signal, () => ({
        kind: "all",
        dynos: [...ended.values(), ...[...source.all()].map(({ observation }) => observation)],
      })),
    watchEndpoints: (signal) => endpoints.watch(signal, () => ({ kind: "all", apps: everyEndpoint(source) })),
  };
}

function same(a: DynoObservation, b: DynoObservation): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function keep(ended: Map<string, DynoObservation>, dyno: DynoObservation): void {
  ended.set(dyno.id, dyno);
  const [oldest] = ended.keys();
  if (ended.size > ENDED_KEPT && oldest !== undefined) ended.delete(oldest);
}

function everyEndpoint(source: BroadcastSource): Record<string, readonly Endpoint[]> {
  const apps = new Map<string, ToldDyno[]>();
  for (const dyno of source.all()) {
    const { appId } = dyno.observation;
    apps.set(appId, [...(apps.get(appId) ?? []), dyno]);
  }
  const found = [...apps].map(([appId, dynos]) => [appId, endpointsOf(dynos)] as const);
  return Object.fromEntries(found.filter(([, list]) => list.length > 0));
}
