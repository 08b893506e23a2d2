import { errorText, type Logger, pause, type Running } from "../../kernel/index.ts";
import type { DynoObservation } from "./dyno.ts";
import type { DynoHost } from "./dyno-ports.ts";

/** What is known of the engine right now, kept up to date by a watch. */
export interface DynoWatch extends Running {
  /** Grows each time the engine has come (back); 0 until it was first seen. */
  session(): number;
  dynosOf(appId: string): readonly DynoObservation[];
  find(dynoId: string): DynoObservation | undefined;
  appIds(): readonly string[];
  /** Resolves with the dyno's next observation that satisfies the test (the present one counts), undefined on abort. */
  until(
    dynoId: string,
    test: (dyno: DynoObservation | undefined) => boolean,
    signal: AbortSignal,
  ): Promise<DynoObservation | undefined>;
}

export interface DynoWatchOptions {
  readonly host: DynoHost;
  readonly logger: Logger;
  /** Told of every app whose dynos changed, and of all apps when the engine has come back. */
  readonly onChange: (appId: string) => void;
}

const AGAIN_MS = 250;

/** Follows the engine's watch, again and again when it breaks off. Ended dynos are forgotten a while after their end. */
export function startDynoWatch(options: DynoWatchOptions): DynoWatch {
  const stopping = new AbortController();
  const dynos = new Map<string, DynoObservation>();
  const listeners = new Set<() => void>();
  let sessions = 0;
  const changed = (appId: string) => {
    options.onChange(appId);
    for (const listener of listeners) listener();
  };
  const take = (dyno: DynoObservation) => {
    dynos.set(dyno.id, dyno);
    forgetEnded(dynos);
    changed(dyno.appId);
  };
  const replaceAll = (all: readonly DynoObservation[]) => {
    const before = new Set([...dynos.values()].map(({ appId }) => appId));
    const ended = [...dynos.values()].filter(({ state }) => state.kind === "complete");
    dynos.clear();
    for (const dyno of [...ended, ...all]) dynos.set(dyno.id, dyno);
    sessions++;
    for (const appId of new Set([...before, ...all.map((dyno) => dyno.appId)])) changed(appId);
  };
  const follow = async () => {
    while (!stopping.signal.aborted) {
      try {
        for await (const news of options.host.watch(stopping.signal)) {
          if (news.kind === "all") replaceAll(news.dynos);
          else take(news.dyno);
        }
      } catch (thrown) {
        if (!stopping.signal.aborted)
          options.logger.warn("the dyno host is away", { error: errorText(thrown) });
      }
      await pause(AGAIN_MS, stopping.signal);
    }
  };
  const following = follow();
  return {
    session: () => sessions,
    dynosOf: (appId) => [...dynos.values()].filter((dyno) => dyno.appId === appId),
    find: (id) => dynos.get(id),
    appIds: () => [...new Set([...dynos.values()].map(({ appId }) => appId))],
    until: (id, test, signal) => waitUntil({ look: () => dynos.get(id), test, listeners, signal }),
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
}

/** Ended dynos are kept for those who still wait for their exit code. */
const ENDED_KEPT = 500;

function forgetEnded(dynos: Map<string, DynoObservation>): void {
  if (dynos.size <= ENDED_KEPT) return;
  const ended = [...dynos.values()].filter(({ state }) => state.kind === "complete");
  for (const dyno of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT))) dynos.delete(dyno.id);
}

function waitUntil(wait: {
  look: () => DynoObservation | undefined;
  test: (dyno: DynoObservation | undefined) => boolean;
  listeners: Set<() => void>;
  signal: AbortSignal;
}): Promise<DynoObservation | undefined> {
  return new Promise((resolve) => {
    const end = (dyno: DynoObservation | undefined) => {
      wait.listeners.delete(look);
      wait.signal.removeEventListener("abort", aborted);
      resolve(dyno);
    };
    const look = () => {
      const dyno = wait.look();
      if (wait.test(dyno)) end(dyno);
    };
    const aborted = () => end(undefined);
    wait.listeners.add(look);
    wait.signal.addEventListener("abort", aborted, { once: true });
    if (wait.signal.aborted) aborted();
    else look();
  });
}
