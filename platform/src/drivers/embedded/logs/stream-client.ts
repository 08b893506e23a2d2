import type { LogStreams } from "../../../observe/log/index.ts";
import { callPeer, type LocalPeer } from "../local/index.ts";
import { ENDED_ROUTE, STREAMS_ROUTE } from "./log-routes.ts";
import { pieceToWire, placesFromWire } from "./log-wire.ts";

export interface StreamClient extends LogStreams {
  /** Resolves when the store has all that these streams' writers wrote, or the signal aborts. */
  ended(streams: readonly string[], signal: AbortSignal): Promise<void>;
}

const ANSWER_WITHIN_MS = 30_000;

/** The streams of the log store in another process. Throws PeerGone when it is away. */
export function makeStreamClient(peer: LocalPeer): StreamClient {
  return {
    async take(pieces, signal) {
      const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
      return placesFromWire(
        await callPeer(peer, STREAMS_ROUTE, {
          body: { pieces: pieces.map(pieceToWire) },
          signal: signal ? AbortSignal.any([signal, late]) : late,
        }),
      );
    },
    async ended(streams, signal) {
      if (streams.length === 0) return;
      await callPeer(peer, ENDED_ROUTE, { body: { streams }, signal }).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    },
  };
}
