import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import type { SleepingApps } from "../../../edge/route/index.ts";
import { type Clock, errorText, type Logger, type Running } from "../../../kernel/index.ts";
import type { DynoMachine } from "./dyno-machine.ts";
import type { DynoRoster } from "./dyno-roster.ts";

export interface SleepOptions {
  /** An app sleeps after so long without a request. */
  readonly idleMs: number;
  /** Where it is kept which apps sleep. */
  readonly file: string;
  readonly now: Clock;
  readonly logger: Logger;
}

/** The dynos of the host. */
type SleepingRoster = Pick<DynoRoster, "ids" | "find" | "ofApp" | "send">;

/** Lets apps sleep and wakes them. */
export interface SleepKeeper extends SleepingApps, Running {
  /** Whether the app slept when the host was last here. */
  slept(appId: string): boolean;
  /** Dynos of the app were started because that was wanted: it is awake, and its time begins anew. */
  started(appId: string): void;
}

/** How often it is looked whether an app's time is over: so many times in its time, and within these bounds. */
const LOOKS = 10;
const SOONEST_MS = 100;
const LATEST_MS = 30_000;

/**
 * Puts the dynos that may sleep to sleep once their app has had no request for long enough; `used` tells of requests. Which apps
 * sleep is kept on disk, so that they do when the host is started again.
 */
export function keepSleep(roster: SleepingRoster, { idleMs, file, now, logger }: SleepOptions): SleepKeeper {
  const asleep = readKept(file);
  let writing = Promise.resolve();
  const keep = () => {
    const text = JSON.stringify([...asleep]);
    writing = writing
      .then(() => replaceFile(file, text))
      .catch((thrown: unknown) => {
        logger.warn("it could not be kept which apps sleep", { error: errorText(thrown) });
      });
  };
  const { look, ...sleep } = watchUse(roster, { idleMs, now, asleep, keep });
  const timer = setInterval(look, Math.min(LATEST_MS, Math.max(SOONEST_MS, idleMs / LOOKS)));
  return {
    ...sleep,
    stop: async () => {
      clearInterval(timer);
      await writing;
    },
  };
}

export interface UseOptions extends Pick<SleepOptions, "idleMs" | "now"> {
  /** The apps that sleep: those that did when this begins, and those that do afterwards. */
  readonly asleep: Set<string>;
  /** Called when other apps sleep than before. */
  readonly keep: () => void;
}

/**
 * Remembers when each app was used last. `look`, to be called from time to time, puts those to sleep whose time is over. An app
 * without a web dyno that may sleep never does, since nothing would wake it.
 */
export function watchUse(
  roster: SleepingRoster,
  { idleMs, now, asleep, keep }: UseOptions,
): Omit<SleepKeeper, "stop"> & { readonly look: () => void } {
  const lastUsed = new Map<string, number>();
  const awake = (appId: string) => {
    lastUsed.set(appId, now().getTime());
    if (asleep.delete(appId)) keep();
  };
  const look = () => {
    const time = now().getTime();
    const apps = sleepersOf(roster.ids().flatMap((id) => roster.find(id)?.machine ?? []));
    for (const appId of lastUsed.keys()) if (!apps.has(appId)) lastUsed.delete(appId);
    for (const appId of asleep) if (!apps.has(appId) && asleep.delete(appId)) keep();
    for (const [appId, ids] of apps) {
      // A clock that was set back must not keep it awake.
      const since = Math.min(lastUsed.get(appId) ?? time, time);
      lastUsed.set(appId, since);
      if (time - since < idleMs || ids.length === 0) continue;
      for (const id of ids) roster.send(id, { kind: "sleep" });
      asleep.add(appId);
      keep();
    }
  };
  const wake = (appId: string) => {
    awake(appId);
    for (const { spec } of roster.ofApp(appId)) roster.send(spec.id, { kind: "wake" });
  };
  return {
    look,
    slept: (appId) => asleep.has(appId),
    started: awake,
    used: async (appIds) => {
      for (const appId of appIds) {
        // One whose web dyno had crashed when the others went to sleep serves again: they are wanted, too.
        if (asleep.has(appId)) wake(appId);
        else if (lastUsed.has(appId)) lastUsed.set(appId, now().getTime());
      }
    },
    wake: async (appId) => wake(appId),
  };
}

/** By app: the dynos that can be put to sleep now. Apps that begin to serve are left alone until they do. */
export function sleepersOf(machines: Iterable<DynoMachine>): ReadonlyMap<string, readonly string[]> {
  const apps = new Map<string, DynoMachine[]>();
  for (const machine of machines) {
    const { spec, oneOff } = machine;
    if (spec.sleeps && !oneOff) apps.set(spec.appId, [...(apps.get(spec.appId) ?? []), machine]);
  }
  const found = [...apps].filter(([, dynos]) => dynos.some(({ spec }) => spec.duty === "serve"));
  return new Map(found.map(([appId, dynos]) => [appId, canSleep(dynos)]));
}

function canSleep(dynos: readonly DynoMachine[]): readonly string[] {
  if (dynos.some(({ spec }) => spec.duty === "stand-by")) return [];
  const up = dynos.filter(({ spec, phase }) => phase.kind === "up" && spec.duty !== "warm");
  return up.map(({ spec }) => spec.id);
}

function readKept(file: string): Set<string> {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as unknown;
    return new Set(Array.isArray(kept) ? kept.filter((appId) => typeof appId === "string") : []);
  } catch {
    // Without it all apps start, and sleep again when their time is over.
    return new Set();
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}
