import {
  type Clock,
  errorText,
  type Logger,
  type LogLine,
  type LogSink,
  pause,
  type Running,
} from "../../../kernel/index.ts";
import { deliveryError, type LostLines, loseMore } from "../../../observe/log/index.ts";
import { type LocalPeer, open, PeerGone } from "../local/index.ts";
import { WRITE_ROUTE } from "./log-routes.ts";
import { toWire } from "./log-wire.ts";

export interface SinkLimits {
  /** Lines and characters that may wait for the host. */
  readonly lines: number;
  readonly characters: number;
  /** A line waits at most this long before it is sent. */
  readonly flushMs: number;
  readonly batchLines: number;
  readonly longestPauseMs: number;
  /** How long the host may take to answer. */
  readonly answerMs: number;
  /** How long `stop` tries to send what waits. */
  readonly stopMs: number;
}

export const DEFAULT_SINK_LIMITS: SinkLimits = {
  lines: 20_000,
  characters: 8_388_608,
  flushMs: 50,
  batchLines: 2_000,
  longestPauseMs: 1_000,
  answerMs: 10_000,
  stopMs: 2_000,
};

export interface RemoteSinkOptions {
  readonly peer: LocalPeer;
  readonly now: Clock;
  readonly logger: Logger;
  readonly limits: SinkLimits;
}

/** Apps whose losses are counted one by one; beyond that only our own diagnostics tell. */
const TOLD_APPS = 1_000;

/**
 * Sends lines to the host in batches, in order, one batch at a time. While the host is away lines wait up to the
 * limits; further ones are dropped, counted, and told with L13 in their app's log when the host is back. A batch whose
 * answer was lost is sent again: lines may come twice then, but are not lost.
 */
export function makeRemoteSink(options: RemoteSinkOptions): LogSink & Running {
  const { now, limits, logger } = options;
  const ending = new AbortController();
  let queue: LogLine[] = [];
  let characters = 0;
  let lost = new Map<string, LostLines>();
  let isGone = false;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let isStopped = false;

  const lose = (appId: string, count: number, since: Date) => {
    if (lost.has(appId) || lost.size < TOLD_APPS) lost.set(appId, loseMore(lost.get(appId), count, since));
    else logger.warn("lost log lines", { appId, count });
  };
  const sendBatch = async () => {
    const batch = queue.slice(0, limits.batchLines);
    const told = lost;
    const reports = [...told].map(([appId, loss]) => deliveryError(appId, loss, now()));
    lost = new Map();
    try {
      await post(options, [...batch, ...reports], ending.signal);
      if (isGone) logger.info("the log store is back");
      isGone = false;
    } catch (thrown) {
      for (const [appId, { count, since }] of told) lose(appId, count, since);
      if (thrown instanceof PeerGone) throw thrown;
      logger.error("the log store refused lines", { lines: batch.length, error: errorText(thrown) });
      for (const { appId, time } of batch) lose(appId, 1, time);
    }
    queue = queue.slice(batch.length);
    characters -= batch.reduce((sum, line) => sum + line.message.length, 0);
  };
  const sendAll = async () => {
    let pauseMs = limits.flushMs;
    while ((queue.length > 0 || lost.size > 0) && !ending.signal.aborted) {
      try {
        await sendBatch();
        pauseMs = limits.flushMs;
      } catch {
        if (!isGone) logger.warn("the log store is away; log lines wait");
        isGone = true;
        await pause(pauseMs, ending.signal);
        pauseMs = Math.min(pauseMs * 2, limits.longestPauseMs);
      }
    }
  };
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    sending ??= sendAll().finally(() => {
      sending = undefined;
      arm();
    });
  };
  const arm = () => {
    if (isStopped || sending || (queue.length === 0 && lost.size === 0)) return;
    timer ??= setTimeout(send, limits.flushMs);
  };
  return {
    write(line) {
      const isFull = queue.length >= limits.lines || characters >= limits.characters;
      if (isFull || isStopped) lose(line.appId, 1, now());
      else {
        queue.push(line);
        characters += line.message.length;
      }
      arm();
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      const late = setTimeout(() => ending.abort(), limits.stopMs);
      send();
      await sending;
      clearTimeout(late);
      if (queue.length > 0) logger.warn("log lines were not delivered", { lines: queue.length });
    },
  };
}

/** Sends lines and waits until the host has them. */
function post(
  { peer, limits }: RemoteSinkOptions,
  lines: readonly LogLine[],
  ending: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(limits.answerMs)]);
  return new Promise((resolve, reject) => {
    const request = open(peer, WRITE_ROUTE, { headers: { "content-type": "application/x-ndjson" }, signal });
    request.on("response", (response) => {
      response.resume();
      response.on("error", (cause) => reject(new PeerGone("the log store's answer broke off", { cause })));
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the log store answered ${response.statusCode}`));
      });
    });
    request.on("error", (cause) => reject(new PeerGone("the log store did not answer", { cause })));
    request.end(lines.map((line) => `${JSON.stringify(toWire(line))}\n`).join(""));
  });
}
