import {
  type Db,
  type DomainEvent,
  type EventKind,
  errorText,
  type Logger,
  pause,
  type Running,
} from "../../../kernel/index.ts";
import type { Database } from "../store/index.ts";
import { EVENTS_CHANNEL, markRead, readEvents } from "./outbox.ts";

export interface EventReader {
  /** Names the cursor; the same name in several processes shares the work, and each event may then be seen twice. */
  readonly name: string;
  /** Deals with one event; must tolerate a repeat. A throw leaves the event for the next round. */
  handle(event: DomainEvent): Promise<void>;
}

export interface EventFeedOptions {
  readonly database: Database;
  readonly readers: readonly EventReader[];
  readonly logger: Logger;
  /**
   * Told of each hint as it comes, before any reader has got to the event, with the place in a trace that the change was part
   * of. A hint may be lost.
   */
  readonly onHint?: (kind: EventKind, appId: string, traceparent: string | undefined) => void;
  /** Told when hints are heard from now on: any that came before, since the connection was lost, are not. */
  readonly onListening?: () => void;
  /** How often readers look without a hint. */
  readonly pollMs: number;
  /** Asked before each look: false while another process reads. Default: always true. */
  readonly mayRead?: () => Promise<boolean>;
}

const BATCH = 200;
/** How long the hints' connection stays away after it was lost. */
const RECONNECT_MS = 500;

/**
 * Keeps readers up to date: on a NOTIFY, and on a timer in case one was lost. A connection that was lost is made anew.
 * Stopping lets the event that each reader is at be finished.
 */
export async function startEventFeed(options: EventFeedOptions): Promise<Running> {
  const stopping = new AbortController();
  const wakers = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of wakers) wake();
  };
  const loops = options.readers.map((reader) =>
    readLoop(reader, options, { wakers, signal: stopping.signal }),
  );
  const listening = listenLoop(options, wakeAll, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      wakeAll();
      await Promise.all([...loops, listening]);
    },
  };
}

async function readLoop(
  reader: EventReader,
  options: EventFeedOptions,
  { wakers, signal }: { wakers: Set<() => void>; signal: AbortSignal },
): Promise<void> {
  const db: Db = options.database.db;
  while (!signal.aborted) {
    const hint = waitForHint(wakers, options.pollMs, signal);
    try {
      const mayRead = (await options.mayRead?.()) ?? true;
      const events = mayRead ? await readEvents(db, reader.name, BATCH) : [];
      for (const event of events) {
        await reader.handle(event);
        await markRead(db, reader.name, event.seq);
        if (signal.aborted) return hint.cancel();
      }
      if (events.length === BATCH) hint.cancel();
    } catch (thrown) {
      options.logger.warn("event reader will try again", { reader: reader.name, error: errorText(thrown) });
    }
    await hint.done;
  }
}

/** Registered before reading, so that a hint that comes while reading is not lost. */
function waitForHint(wakers: Set<() => void>, pollMs: number, signal: AbortSignal) {
  const hint = new AbortController();
  const cancel = () => hint.abort();
  wakers.add(cancel);
  if (signal.aborted) cancel();
  return { cancel, done: pause(pollMs, hint.signal).finally(() => wakers.delete(cancel)) };
}

async function listenLoop(
  options: EventFeedOptions,
  wakeAll: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const client = await options.database.connect();
      const gone = goneOrAborted(client, signal);
      client.on("notification", ({ payload = "" }) => {
        wakeAll();
        const [kind = "", appId = "", traceparent] = payload.split(" ");
        options.onHint?.(kind as EventKind, appId, traceparent);
      });
      try {
        await client.query(`listen ${EVENTS_CHANNEL}`);
        wakeAll();
        options.onListening?.();
        await gone;
      } finally {
        await client.end().catch(() => {});
      }
    } catch (thrown) {
      options.logger.debug("no event hints for now", { error: errorText(thrown) });
    }
    await pause(RECONNECT_MS, signal);
  }
}

/** Resolves when the connection has ended, or when the signal says so. */
function goneOrAborted(client: Awaited<ReturnType<Database["connect"]>>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    client.once("end", end).once("error", end);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
