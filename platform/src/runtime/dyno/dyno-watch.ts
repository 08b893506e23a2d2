import { errorText, type Logger, pause, type Running } from "../../kernel/index.ts";
import type { DynoNews, DynoObservation } from "./dyno.ts";
import type { DynoHost } from "./dyno-ports.ts";

/** What is known of the engine right now, kept up to date by a watch. */
export interface DynoWatch extends Running {
  /** Grows each time the engine has come (back); 0 until it was first seen. */
  session(): number;
  /** Resolves once the engine has been seen, or at an abort. */
  ready(signal: AbortSignal): Promise<void>;
  /** The app's dynos that have not ended. */
  dynosOf(appId: string): readonly DynoObservation[];
  /** By id, also one that has ended lately. */
  find(dynoId: string): DynoObservation | undefined;
  /** Apps with dynos that have not ended. */
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
  /** Told of every app whose dynos changed. */
  readonly onChange: (appId: string) => void;
  /** Told of every app that has or had dynos when the engine has come back. Default: `onChange`. */
  readonly onReturn?: (appId: string) => void;
}

const AGAIN_MS = 250;

/** Follows the engine's watch, again and again when it breaks off. Ended dynos are forgotten a while after their end. */
export function startDynoWatch(options: DynoWatchOptions): DynoWatch {
  const stopping = new AbortController();
  const known = new KnownDynos();
  const listeners = new Set<() => void>();
  let sessions = 0;
  const changed = (appIds: Iterable<string>, tell = options.onChange) => {
    for (const appId of appIds) tell(appId);
    for (const listener of listeners) listener();
  };
  const take = (news: DynoNews) => {
    if (news.kind === "changed") {
      known.take(news.dyno);
      return changed([news.dyno.appId]);
    }
    const before = known.appIds();
    known.replace(news.dynos);
    sessions++;
    changed(new Set([...before, ...news.dynos.map(({ appId }) => appId)]), options.onReturn);
  };
  const follow = async () => {
    for (let told = false; !stopping.signal.aborted; ) {
      try {
        for await (const news of options.host.watch(stopping.signal)) {
          told = false;
          take(news);
        }
      } catch (thrown) {
        if (!told && !stopping.signal.aborted)
          options.logger.warn("the dyno host is away", { error: errorText(thrown) });
        told = true;
      }
      await pause(AGAIN_MS, stopping.signal);
    }
  };
  const following = follow();
  const until: DynoWatch["until"] = (id, test, signal) =>
    waitUntil({ look: () => known.find(id), test, listeners, signal });
  return {
    session: () => sessions,
    ready: async (signal) => void (await until("", () => sessions > 0, signal)),
    dynosOf: (appId) => known.of(appId),
    find: (id) => known.find(id),
    appIds: () => known.appIds(),
    until,
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
}

/** Ended dynos are kept for those who still wait for their exit code. */
const ENDED_KEPT = 500;

class KnownDynos {
  /** By app, then by id: those that have not ended. */
  readonly #live = new Map<string, Map<string, DynoObservation>>();
  readonly #appOf = new Map<string, string>();
  /** By id, oldest end first. */
  readonly #ended = new Map<string, DynoObservation>();

  take(dyno: DynoObservation): void {
    this.#forget(dyno.id);
    if (dyno.state.kind === "complete") this.#keepEnded(dyno);
    else this.#keepLive(dyno);
  }

  /** These are all there are; what had ended is still known. */
  replace(all: readonly DynoObservation[]): void {
    this.#live.clear();
    this.#appOf.clear();
    for (const dyno of all) this.take(dyno);
  }

  of(appId: string): readonly DynoObservation[] {
    return [...(this.#live.get(appId)?.values() ?? [])];
  }

  find(id: string): DynoObservation | undefined {
    const appId = this.#appOf.get(id);
    return appId === undefined ? this.#ended.get(id) : this.#live.get(appId)?.get(id);
  }

  appIds(): readonly string[] {
    return [...this.#live.keys()];
  }

  #forget(id: string): void {
    this.#ended.delete(id);
    const appId = this.#appOf.get(id);
    if (appId === undefined) return;
    this.#appOf.delete(id);
    const ofApp = this.#live.get(appId);
    ofApp?.delete(id);
    if (ofApp?.size === 0) this.#live.delete(appId);
  }

  #keepLive(dyno: DynoObservation): void {
    const ofApp = this.#live.get(dyno.appId) ?? new Map<string, DynoObservation>();
    this.#live.set(dyno.appId, ofApp.set(dyno.id, dyno));
    this.#appOf.set(dyno.id, dyno.appId);
  }

  #keepEnded(dyno: DynoObservation): void {
    this.#ended.set(dyno.id, dyno);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_KEPT && oldest !== undefined) this.#ended.delete(oldest);
  }
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
