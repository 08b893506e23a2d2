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
  readonly client: KubeClient;
  readonly place: KubePlace;
  readonly labelSelector: string;
  readonly listener: ObjectListener<T>;
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
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

const TIMING: WatchTiming = {
  watchSeconds: 60,
  graceMs: 10_000,
  relistMs: 600_000,
  firstRetryMs: 100,
  longestRetryMs: 10_000,
};

export interface ObjectWatch extends Running {
  /** Resolves after the first list. */
  readonly ready: Promise<void>;
}

const PAGE = 500;

interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
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
        follower.stumbled(thrown, failures === 0);
        failures++;
        const ms = Math.min(timing.longestRetryMs, timing.firstRetryMs * 2 ** (failures - 1));
        await pause(ms, stopping.signal);
      }
    }
  };
  const running = loop();
  return {
    ready: first.promise,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

class Follower<T extends KubeObject> {
  readonly #options: ObjectWatchOptions<T>;
  readonly #timing: WatchTiming;
  /** Where to continue; undefined: list first. */
  #version: string | undefined;
  #listedAt = 0;

  constructor(options: ObjectWatchOptions<T>, timing: WatchTiming) {
    this.#options = options;
    this.#timing = timing;
  }

  /** One list where that is due, and one watch to its end. */
  async round(signal: AbortSignal, listed: () => void): Promise<void> {
    if (this.#version === undefined || performance.now() - this.#listedAt > this.#timing.relistMs) {
      this.#version = await this.#list(signal);
      this.#listedAt = performance.now();
      listed();
    }
    await this.#watch(signal);
  }

  /** An expired version is ordinary; anything else is told once for each time the server goes away. */
  stumbled(thrown: unknown, isFirst: boolean): void {
    if (isExpired(thrown) || thrown instanceof LostWatch) this.#version = undefined;
    const { kind } = this.#options.place.kind;
    const error = errorText(thrown);
    if (isFirst && !isExpired(thrown))
      this.#options.logger.warn("a watch of the cluster broke off, will try again", { kind, error });
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, place, labelSelector, listener } = this.#options;
    const objects: T[] = [];
    let version = "";
    for (let next: string | undefined = ""; next !== undefined; ) {
      const query = { labelSelector, limit: PAGE, ...(next ? { continue: next } : {}) };
      const page: Awaited<ReturnType<typeof client.list<T>>> = await client.list<T>(place, query, signal);
      for (const item of page.items) objects.push(item);
      version = page.resourceVersion;
      next = page.continue;
    }
    listener.replaced(objects);
    return version;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, place, labelSelector } = this.#options;
    const { watchSeconds, graceMs } = this.#timing;
    const stalled = AbortSignal.timeout(watchSeconds * 1_000 + graceMs);
    const query = {
      labelSelector,
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: this.#version,
      timeoutSeconds: watchSeconds,
    };
    const path = objectPath(place.kind, place);
    const body = await client.stream(path, query, AbortSignal.any([signal, stalled]));
    try {
      for await (const document of splitDocuments(body)) this.#take(JSON.parse(document) as WatchEvent<T>);
    } catch (thrown) {
      if (stalled.aborted) throw new Error("the watch fell silent", { cause: thrown });
      throw thrown;
    }
  }

  #take({ type, object }: WatchEvent<T>): void {
    if (type === "ERROR") {
      const answer = readAnswer((object as { code?: number }).code ?? 500, JSON.stringify(object));
      throw new KubeError("watching", answer);
    }
    const version = object.metadata.resourceVersion;
    if (version === undefined) throw new LostWatch("an object came without a version");
    const { listener } = this.#options;
    if (type === "DELETED") listener.removed(object);
    else if (type !== "BOOKMARK") listener.changed(object);
    this.#version = version;
  }
}

/** What came over a watch cannot be continued from. */
class LostWatch extends Error {}
