import type { Clock, Logger, LogSink, Running } from "../../../kernel/index.ts";
import { pause } from "../../../kernel/index.ts";
import type { LogQuery, LogReader, ReadLine } from "../../../observe/log/index.ts";
import { callPeer, type LocalPeer, PeerGone, streamPeer } from "../local/index.ts";
import { READ_ROUTE } from "./log-routes.ts";
import { batchFromWire } from "./log-wire.ts";
import { DEFAULT_SINK_LIMITS, makeRemoteSink, type SinkLimits } from "./remote-sink.ts";

export interface LogClientOptions {
  /** The host process. */
  readonly peer: LocalPeer;
  readonly now: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<SinkLimits>;
}

export interface LogClient {
  /** `stop` sends what waits, for two seconds at the most. */
  readonly sink: LogSink & Running;
  readonly reader: LogReader;
}

/** Writes and reads the apps' logs in the host process, from another process. Starts nothing until it is used. */
export function makeLogClient({ peer, now, logger, limits }: LogClientOptions): LogClient {
  return {
    sink: makeRemoteSink({ peer, now, logger, limits: { ...DEFAULT_SINK_LIMITS, ...limits } }),
    reader: {
      read: (query, signal) => readRemote(peer, query, signal),
      async forget(appId) {
        await callPeer(peer, `DELETE /logs/${encodeURIComponent(appId)}`);
      },
    },
  };
}

/** How often a history that could not be read is asked for again before the reader is told. */
const HISTORY_TRIES = 3;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * A tail outlives the host: when it is back the reader goes on behind the last line it saw. A history is tried a few
 * times, then PeerGone is thrown.
 */
async function* readRemote(peer: LocalPeer, query: LogQuery, signal: AbortSignal): AsyncGenerator<ReadLine> {
  let after = query.after;
  let pauseMs = FIRST_PAUSE_MS;
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      const body = { ...query, ...(after === undefined ? {} : { after }) };
      for await (const value of streamPeer(peer, READ_ROUTE, { body, signal })) {
        const { lines, position } = batchFromWire(value, query.appId);
        for (const line of lines) {
          yield line;
          after = line.position ?? after;
        }
        after = position ?? after;
        pauseMs = FIRST_PAUSE_MS;
      }
      if (!query.tail) return;
    } catch (thrown) {
      if (signal.aborted) return;
      if (!(thrown instanceof PeerGone) || (!query.tail && tries >= HISTORY_TRIES)) throw thrown;
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
