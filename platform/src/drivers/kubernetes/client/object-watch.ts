import { errorText, type Logger, pause, type Running } from "../../../kernel/index.ts";
import type { KubeClient, KubePlace } from "./kube-client.ts";
import { isExpired, KubeError, readAnswer } from "./kube-error.ts";
import { type KubeObject, objectPath } from "./kube-objects.ts";
import { splitDocuments } from "./split-documents.ts";

/** Told of a collection; within one watch never twice at a time. */
export interface ObjectListener<T extends KubeObject> {
  /** These are all there are. Comes first, after each re-list, and always before a change. */
  replaced(objects: readonly T[]): void;
  changed(object: T): void;
  /** With the object as it was last. */
  removed(object: T): void;
}

export interface ObjectWatchOptions<T extends KubeObject> {
  readonly client: Pick<KubeClient, "list" | "stream">;
  readonly place: KubePlace;
  readonly labelSelector: string;
  readonly fieldSelector?: string;
  readonly listener: ObjectListener<T>;
  /**
   * Makes of an object what the listener is given, page by page: the whole of ten thousand objects is many times what anybody keeps
   * of them. Default: all of it.
   */
  readonly keep?: (object: T) => T;
  readonly logger: Logger;
  /** Shorter ones in tests. */
  readonly timing?: Partial<WatchTiming>;
}

export interface WatchTiming {
  /** The server ends a watch after so many seconds; it is then continued where it was. */
  readonly watchSeconds: number;
  /** A watch that the server should have ended so long ago is dead: its connection is dropped. */
  readonly graceMs: number;
  /** Everything is listed anew so often, for a watch may lose a change. */
  readonly relistMs: number;
  /** A watch that ends sooner without a word is a failure, so that a server which ends them all is not pressed. */
  readonly shortestMs: number;
  readonly firstRetryMs: number;
  /** A watch that held so long, or told something, was a good one: the pause after it is the first again. */
  readonly longestRetryMs: number;
}

const TIMING: WatchTiming = {
  watchSeconds: 60,
  graceMs: 10_000,
  relistMs: 600_000,
  shortestMs: 1_000,
  firstRetryMs: 100,
  longestRetryMs: 10_000,
};

export interface ObjectWatch extends Running {
  /** Resolves after the first list, or when it is stopped before. */
  readonly ready: Promise<void>;
}

const PAGE = 500;

interface WatchEvent<T> {
  /** ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. */
  readonly type: string;
  readonly object: T;
}

/**
 * Lists a collection and follows its changes until it is stopped: continues after the server's time limit, lists anew
 * when the version is no longer kept (410), when a watch loses its way, and on a timer; tries again with growing pauses
 * while the server is away.
 */
export function watchObjects<T extends KubeObject>(options: ObjectWatchOptions<T>): ObjectWatch {
  const timing = { ...TIMING, ...options.timing };
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  const follower = new Follower(options, timing);
  const loop = async () => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await follower.round(stopping.signal, first.resolve);
        failures = 0;
      } catch (thrown) {
        if (stopping.signal.aborted) break;
        failures = follower.stumbled(thrown) ? 1 : failures + 1;
        await pause(pauseAfter(thrown, failures, timing), stopping.signal);
      }
    }
  };
  const running = loop();
  return {
    ready: first.promise,
    stop: async () => {
      stopping.abort();
      await running;
      first.resolve();
    },
  };
}

/** Milliseconds; what the server asks for counts, up to the longest pause. */
function pauseAfter(thrown: unknown, failures: number, timing: WatchTiming): number {
  const asked = thrown instanceof KubeError ? (thrown.retryAfterSeconds ?? 0) * 1_000 : 0;
  return Math.min(timing.longestRetryMs, Math.max(asked, timing.firstRetryMs * 2 ** (failures - 1)));
}

class Follower<T extends KubeObject> {
  readonly #options: ObjectWatchOptions<T>;
  readonly #timing: WatchTiming;
  /** Where to continue; undefined: list first. */
  #version: string | undefined;
  #listedAt = 0;
  /** Whether the watch under way has been of use. */
  #good = false;
  /** Whether it has been told that the server is away. */
  #told = false;

  constructor(options: ObjectWatchOptions<T>, timing: WatchTiming) {
    this.#options = options;
    this.#timing = timing;
  }

  /** One list where that is due, and one watch to its end. */
  async round(signal: AbortSignal, listed: () => void): Promise<void> {
    this.#good = false;
    if (this.#version === undefined || performance.now() - this.#listedAt > this.#timing.relistMs) {
      this.#version = await this.#list(signal);
      this.#listedAt = performance.now();
      listed();
    }
    await this.#watch(signal);
    this.#told = false;
  }

  /**
   * Whether the round was good until then. An expired version is ordinary; anything else is told once for each time the
   * server goes away.
   */
  stumbled(thrown: unknown): boolean {
    if (isExpired(thrown) || thrown instanceof LostWatch) this.#version = undefined;
    if (this.#good) this.#told = false;
    if (!this.#told && !isExpired(thrown)) {
      this.#told = true;
      const { kind } = this.#options.place.kind;
      const error = errorText(thrown);
      this.#options.logger.warn("a watch of the cluster broke off, will try again", { kind, error });
    }
    return this.#good;
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, place, labelSelector, fieldSelector, listener, keep = whole } = this.#options;
    const objects: T[] = [];
    let version = "";
    for (let next: string | undefined = ""; next !== undefined; ) {
      const query = { labelSelector, fieldSelector, limit: PAGE, ...(next ? { continue: next } : {}) };
      const page: Awaited<ReturnType<typeof client.list<T>>> = await client.list<T>(place, query, signal);
      for (const item of page.items) objects.push(keep(item));
      version = page.resourceVersion;
      next = page.continue;
    }
    listener.replaced(objects);
    return version;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, place, labelSelector, fieldSelector } = this.#options;
    const { watchSeconds, graceMs } = this.#timing;
    const stalled = AbortSignal.timeout(watchSeconds * 1_000 + graceMs);
    const query = {
      labelSelector,
      fieldSelector,
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: this.#version,
      timeoutSeconds: watchSeconds,
    };
    const path = objectPath(place.kind, place);
    const body = await client.stream(path, query, AbortSignal.any([signal, stalled]));
    const began = performance.now();
    const heldMs = () => performance.now() - began;
    try {
      for await (const document of splitDocuments(body)) this.#take(readEvent<T>(document));
    } catch (thrown) {
      this.#good ||= heldMs() >= this.#timing.longestRetryMs;
      if (stalled.aborted) throw new Error("the watch fell silent", { cause: thrown });
      throw thrown;
    }
    if (!this.#good && heldMs() < this.#timing.shortestMs) throw new Error("the watch ended at once");
  }

  #take({ type, object }: WatchEvent<T>): void {
    if (type === "ERROR") {
      const answer = readAnswer((object as { code?: number }).code ?? 500, JSON.stringify(object));
      throw new KubeError("watching", answer);
    }
    const version = object.metadata?.resourceVersion;
    if (!version) throw new LostWatch("an object came without a version");
    const { listener, keep = whole } = this.#options;
    if (type === "DELETED") listener.removed(keep(object));
    else if (type === "ADDED" || type === "MODIFIED") listener.changed(keep(object));
    else if (type !== "BOOKMARK") throw new LostWatch("an event came of a type that is not known");
    this.#version = version;
    this.#good = true;
  }
}

const whole = <T>(object: T): T => object;

/** A parser's own words would quote the line, which may be a Secret. */
function readEvent<T>(document: string): WatchEvent<T> {
  let event: Partial<WatchEvent<T>> | null;
  try {
    event = JSON.parse(document) as Partial<WatchEvent<T>> | null;
  } catch {
    throw new Error("the watch told a line that is no JSON");
  }
  const { type, object } = event ?? {};
  if (typeof type === "string" && typeof object === "object" && object !== null) return { type, object };
  throw new LostWatch("the watch told something that is no event");
}

/** What came over a watch cannot be continued from. */
class LostWatch extends Error {}
