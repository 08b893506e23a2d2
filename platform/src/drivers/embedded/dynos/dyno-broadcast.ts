import type { Endpoint, EndpointNews } from "../../../edge/route/index.ts";
import type { DynoNews, DynoObservation } from "../../../runtime/dyno/index.ts";
import { type DynoMachine, stateOf } from "./dyno-machine.ts";
import { endpointsOf } from "./endpoint-view.ts";
import { makeNewsHub } from "./news-hub.ts";

/** Tells watchers what the dynos do, and the router where they are. */
export interface DynoBroadcast {
  /** To be called after every step of a dyno; tells nothing when nothing changed for others. */
  changed(before: DynoMachine | undefined, after: DynoMachine): void;
  /** Endpoints that change within the work are told when it is done: each app's new set in one piece. */
  together(work: () => void): void;
  watchDynos(signal: AbortSignal): AsyncGenerator<DynoNews>;
  watchEndpoints(signal: AbortSignal): AsyncGenerator<EndpointNews>;
}

export interface BroadcastSource {
  all(): Iterable<DynoMachine>;
  ofApp(appId: string): Iterable<DynoMachine>;
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
    changed: (before, after) => {
      const dyno = observe(after);
      if (before && (before === after || same(observe(before), dyno))) return;
      ended.delete(dyno.id);
      if (dyno.state.kind === "complete" && after.oneOff) keep(ended, dyno);
      dynos.publish(dyno.id, { kind: "changed", dyno });
      together(() => waiting.add(dyno.appId));
    },
    together,
    watchDynos: (signal) =>
      dynos.watch(signal, () => ({
        kind: "all",
        dynos: [...ended.values(), ...[...source.all()].map(observe)],
      })),
    watchEndpoints: (signal) => endpoints.watch(signal, () => ({ kind: "all", apps: everyEndpoint(source) })),
  };
}

/** What others see of a dyno. */
export function observe(machine: DynoMachine): DynoObservation {
  const { id, appId, name, type, releaseId, releaseVersion, duty } = machine.spec;
  const since = new Date(machine.since).toISOString();
  return { id, appId, name, type, releaseId, releaseVersion, duty, state: stateOf(machine), since };
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
  const apps = new Map<string, DynoMachine[]>();
  for (const machine of source.all()) {
    const { appId } = machine.spec;
    apps.set(appId, [...(apps.get(appId) ?? []), machine]);
  }
  const found = [...apps].map(([appId, machines]) => [appId, endpointsOf(machines)] as const);
  return Object.fromEntries(found.filter(([, list]) => list.length > 0));
}
