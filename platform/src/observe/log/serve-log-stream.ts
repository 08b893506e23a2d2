import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LogQuery, LogReader, ReadLine } from "./log-ports.ts";
import { HEARTBEAT, RETRY, RETRY_AT_ONCE, renderPlain, renderSse } from "./stream-text.ts";

export interface LogStreamOptions {
  readonly reader: Pick<LogReader, "read">;
  readonly query: LogQuery;
  /** The request's `Accept`: an event stream when it asks for one, else plain text. */
  readonly accept: string | undefined;
  /** The request's `Last-Event-ID`: a client whose stream broke goes on where it was. */
  readonly lastEventId?: string | undefined;
  readonly response: ServerResponse;
  /** Aborted when the stream is to end; a client that goes away ends it too. */
  readonly signal: AbortSignal;
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 20_000;
/**
 * Pieces of less than a TLS record, each sent on its own: the stock client decodes what it receives at once, and would
 * spoil a character that stands on the border of two records.
 */
const PIECE_BYTES = 8_192;
const PIECE_LINES = 200;

/**
 * Answers with an app's log: history, then new lines as they come, until the signal aborts or the client goes. Without
 * `tail` the response ends after the history, which is what the CLI waits for. A slow client slows down only its own
 * reader. Rejects with what the reader threw, after the response has ended with a line that says so.
 */
export async function serveLogStream(options: LogStreamOptions): Promise<void> {
  const { reader, query, response } = options;
  const isEvents = options.accept?.includes("text/event-stream") ?? false;
  const render = isEvents ? renderSse : renderPlain;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, {
    "content-type": isEvents ? "text/event-stream" : "text/plain; charset=utf-8",
    "cache-control": "no-cache, no-store",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  response.socket?.setKeepAlive(true, HEARTBEAT_MS);
  const signal = AbortSignal.any([options.signal, gone.signal]);
  const reading = new AbortController();
  if (isEvents) await send(response, query.tail ? RETRY : RETRY_AT_ONCE, signal);
  try {
    const lines = reader.read(resume(query, options.lastEventId), AbortSignal.any([signal, reading.signal]));
    for await (const piece of pieces(lines, options.heartbeatMs ?? HEARTBEAT_MS, () => reading.abort())) {
      if (signal.aborted) break;
      if (piece.length > 0) await send(response, render(piece), signal);
      else if (isEvents) await send(response, HEARTBEAT, signal);
    }
  } catch (thrown) {
    if (!signal.aborted) await send(response, render([unreadable(query.appId)]), signal);
    throw thrown;
  } finally {
    response.end();
  }
}

function resume(query: LogQuery, lastEventId: string | undefined): LogQuery {
  const after = lastEventId && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : undefined;
  return after === undefined ? query : { ...query, after };
}

function unreadable(appId: string): ReadLine {
  const message = "The log cannot be read at the moment. Try again in a few seconds.";
  return { appId, time: new Date(), source: "heroku", process: "logplex", message };
}

/**
 * Groups lines that are there together. Yields an empty group when nothing came for `idleMs`. Calls `end` before it
 * closes the reader, which may be waiting for lines.
 */
async function* pieces(
  lines: AsyncIterable<ReadLine>,
  idleMs: number,
  end: () => void,
): AsyncGenerator<ReadLine[]> {
  const iterator = lines[Symbol.asyncIterator]();
  let next = iterator.next();
  let isOver = false;
  try {
    while (!isOver) {
      const first = await orIdle(next, idleMs);
      if (!first) {
        yield [];
        continue;
      }
      const piece: ReadLine[] = [];
      let bytes = 0;
      for (let found: IteratorResult<ReadLine> | undefined = first; found; ) {
        if (found.done) {
          isOver = true;
          break;
        }
        piece.push(found.value);
        bytes += Buffer.byteLength(found.value.message) + 64;
        next = iterator.next();
        found = bytes < PIECE_BYTES && piece.length < PIECE_LINES ? await orNotYet(next) : undefined;
      }
      if (piece.length > 0) yield piece;
    }
  } finally {
    end();
    await next.catch(() => {});
    await iterator.return?.();
  }
}

async function orIdle<T>(next: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return await Promise.race([next, idle]).finally(() => clearTimeout(timer));
}

/** What is there already, or undefined when it takes longer than a turn of the event loop. */
async function orNotYet<T>(next: Promise<T>): Promise<T | undefined> {
  return await Promise.race([next, nextTurn(undefined)]);
}

/** Resolves when the text has left this process, or when that will not happen any more. */
async function send(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    response.write(text, end);
  });
}
