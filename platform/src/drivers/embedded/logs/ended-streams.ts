/** Streams that were taken to their end lately, and who waits for that. */
export interface EndedStreams {
  add(stream: string): void;
  /** Resolves when all have ended, or when the signal aborts. */
  wait(streams: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Who asks about one that ended longer ago waits in vain, within its own bounds. */
const REMEMBERED = 10_000;

export function makeEndedStreams(): EndedStreams {
  const ended = new Set<string>();
  const looking = new Set<() => void>();
  return {
    add(stream) {
      ended.delete(stream);
      ended.add(stream);
      for (const oldest of ended) {
        if (ended.size <= REMEMBERED) break;
        ended.delete(oldest);
      }
      for (const look of [...looking]) look();
    },
    wait: (streams, signal) =>
      new Promise((resolve) => {
        const look = () => {
          if (!signal.aborted && !streams.every((stream) => ended.has(stream))) return;
          looking.delete(look);
          signal.removeEventListener("abort", look);
          resolve();
        };
        looking.add(look);
        signal.addEventListener("abort", look);
        look();
      }),
  };
}
