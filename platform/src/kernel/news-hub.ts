/** Tells any number of watchers the newest value of each key. */
export interface NewsHub<T> {
  publish(key: string, value: T): void;
  /**
   * Yields what `first` returns when the watcher begins to read, then every change from that moment on, until the
   * signal aborts. For a watcher that is slow only the newest value of a key is kept, in the order in which the keys
   * changed first.
   */
  watch(signal: AbortSignal, first: () => T): AsyncGenerator<T>;
}

interface Watcher<T> {
  readonly pending: Map<string, T>;
  wake: () => void;
}

export function makeNewsHub<T>(): NewsHub<T> {
  const watchers = new Set<Watcher<T>>();
  return {
    publish: (key, value) => {
      for (const watcher of watchers) {
        watcher.pending.set(key, value);
        watcher.wake();
      }
    },
    watch: async function* (signal, first) {
      const watcher: Watcher<T> = { pending: new Map(), wake: () => {} };
      const onAbort = () => watcher.wake();
      watchers.add(watcher);
      signal.addEventListener("abort", onAbort);
      try {
        if (!signal.aborted) yield first();
        while (!signal.aborted) {
          const [next] = watcher.pending;
          if (next) {
            watcher.pending.delete(next[0]);
            yield next[1];
          } else await sleep(watcher, signal);
        }
      } finally {
        watchers.delete(watcher);
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}

function sleep(watcher: Watcher<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    watcher.wake = resolve;
    if (signal.aborted || watcher.pending.size > 0) resolve();
  });
}
