import type { Clock } from "../../../kernel/index.ts";
import { AWAIT_CLIENT_MS, dynoTexts as texts } from "../../../runtime/dyno/index.ts";
import { type BoardDyno, isAlive, mayGetImage } from "./dyno-sight.ts";
import { currentRun, type PodRun, runKey } from "./pod-run.ts";
import { findAddress } from "./port-probe.ts";

/**
 * What time does to dynos: their port is asked for, their time to get an image, to boot, to end, and to wait for a client
 * runs out.
 */
export interface DynoClocks {
  /** `late`: the dyno was found running, so that some of its time is over already. */
  set(dyno: BoardDyno, late: boolean): void;
  close(): void;
}

export interface DynoClocksOptions {
  readonly now: Clock;
  onListening(dynoId: string, key: string, address: string): void;
  onTimedOut(dynoId: string, key: string): void;
  /** A pod, by its uid, has not got its image. */
  onUnpulled(dynoId: string, uid: string): void;
  onClientMissing(dynoId: string): void;
  say(dynoId: string, message: string): void;
}

/** Nodes ask for an image that they did not get again after 10 s, and then ever later. */
const PULL_MS = 25_000;

interface Clocks {
  /** By name; each is started once. */
  readonly running: Map<string, AbortController>;
}

/** A driver that lost time is generous with the dyno's. */
const LEAST_MS = 1_000;
/** The port of a dyno whose node says that it listens is asked for so long: not every process of ours reaches it. */
const KNOWN_MS = 5_000;

export function makeDynoClocks(options: DynoClocksOptions): DynoClocks {
  const dynos = new Map<string, Clocks>();
  const stopAll = ({ running }: Clocks) => {
    for (const clock of running.values()) clock.abort();
  };
  return {
    set: (dyno, late) => {
      const { id } = dyno.sight.entry;
      const wanted = clocksOf(dyno, late, options);
      const clocks = dynos.get(id) ?? { running: new Map() };
      for (const [name, clock] of clocks.running)
        if (!wanted.has(name)) {
          clock.abort();
          clocks.running.delete(name);
        }
      for (const [name, start] of wanted)
        if (!clocks.running.has(name)) {
          const clock = new AbortController();
          clocks.running.set(name, clock);
          start(clock.signal);
        }
      if (clocks.running.size > 0) dynos.set(id, clocks);
      else dynos.delete(id);
    },
    close: () => {
      for (const clocks of dynos.values()) stopAll(clocks);
      dynos.clear();
    },
  };
}

type Start = (signal: AbortSignal) => void;

function clocksOf(dyno: BoardDyno, late: boolean, options: DynoClocksOptions): Map<string, Start> {
  const { sight } = dyno;
  const { id } = sight.entry;
  const clocks = new Map<string, Start>();
  const elapsed = (from: number) => (late ? Math.max(0, options.now().getTime() - from) : 0);
  for (const run of sight.runs)
    if (run.leavingSince !== undefined && isAlive(run)) {
      const ms = sight.stopSeconds * 1_000 - elapsed(run.leavingSince);
      clocks.set(`end ${run.uid}`, (signal) => after(ms, signal, () => tellKill(dyno, options)));
    }
  const current = currentRun(sight.runs);
  if (!current || current.leavingSince !== undefined) return clocks;
  if (current.client === "awaited" && isAlive(current)) {
    const ms = AWAIT_CLIENT_MS - elapsed(current.createdAt);
    clocks.set("client", (signal) => after(ms, signal, () => options.onClientMissing(id)));
  }
  if (mayGetImage(sight, current)) {
    const ms = PULL_MS - elapsed(current.createdAt);
    clocks.set(`pull ${current.uid}`, (signal) =>
      after(ms, signal, () => options.onUnpulled(id, current.uid)),
    );
  }
  const key = runKey(current);
  if (!boots(dyno, current) || sight.timedOut.has(key)) return clocks;
  const { addresses, phase } = current;
  const isHeard = sight.listening.has(key);
  if (addresses.length > 0 && !sight.heardOn.has(key))
    clocks.set(`probe ${key} ${isHeard} ${addresses.join()}`, (signal) => {
      const until = isHeard ? AbortSignal.any([signal, AbortSignal.timeout(KNOWN_MS)]) : signal;
      void findAddress(addresses, sight.port, until).then(
        (found) => found !== undefined && options.onListening(id, key, found),
      );
    });
  if (isHeard) return clocks;
  if (phase.kind === "running") {
    const ms = Math.max(LEAST_MS, sight.bootSeconds * 1_000 - elapsed(phase.startedAt));
    clocks.set(`boot ${key}`, (signal) => after(ms, signal, () => options.onTimedOut(id, key)));
  }
  return clocks;
}

function boots({ sight }: BoardDyno, current: PodRun): boolean {
  return sight.entry.duty !== "work" && !sight.oneOff && sight.wanted && isAlive(current);
}

function tellKill({ sight }: BoardDyno, { say }: DynoClocksOptions): void {
  const { id } = sight.entry;
  say(id, texts.exitTimeout(sight.stopSeconds));
  say(id, texts.killingRest);
}

function after(ms: number, signal: AbortSignal, work: () => void): void {
  const timer = setTimeout(work, Math.max(0, ms));
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
