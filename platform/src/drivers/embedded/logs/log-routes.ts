import { createInterface } from "node:readline";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import type { LogQuery } from "../../../observe/log/index.ts";
import type { LocalCall, LocalRoutes } from "../local/index.ts";
import { makeEndedStreams } from "./ended-streams.ts";
import type { LogBatch } from "./log-followers.ts";
import type { LogStore } from "./log-store.ts";
import { batchToWire, fromWire, pieceFromWire, type WireBatch } from "./log-wire.ts";

export const WRITE_ROUTE = "POST /logs";
export const READ_ROUTE = "POST /logs/read";
export const STREAMS_ROUTE = "POST /logs/streams";
export const ENDED_ROUTE = "POST /logs/streams/ended";
const FORGET_ROUTE = "DELETE /logs/:appId";

/**
 * The log store for other Conifer processes:
 * - `POST /logs`: lines, a JSON array each; answered with `{"taken": n}` when the store has them (not yet synced).
 * - `POST /logs/read`: a query; answered with batches of lines until the reader goes.
 * - `POST /logs/streams`: `{"pieces": [...]}`, what agents have read; answered with `{"places": [...]}` when the store has
 *   it: for each piece where its stream goes on.
 * - `POST /logs/streams/ended`: `{"streams": [...]}`; answered when all of them were taken to their end.
 * - `DELETE /logs/<app id>`: forgets an app's log.
 */
export function logRoutes(store: Pick<LogStore, "write" | "take" | "readBatches" | "forget">): LocalRoutes {
  const ended = makeEndedStreams();
  return {
    handlers: {
      [WRITE_ROUTE]: (call) => take(store, call),
      [READ_ROUTE]: async (call) =>
        toWireBatches(store.readBatches(checkQuery(await call.json()), call.signal)),
      [STREAMS_ROUTE]: async (call) => {
        const pieces = readPieces(await call.json());
        const places = await store.take(pieces);
        for (const [i, piece] of pieces.entries())
          if (piece.ended && places[i]?.offset === piece.to) ended.add(piece.stream);
        return { places };
      },
      [ENDED_ROUTE]: async (call) => {
        await ended.wait(readNames(await call.json()), call.signal);
        return {};
      },
      [FORGET_ROUTE]: async (call) => {
        await store.forget(call.params.appId ?? "");
      },
    },
  };
}

async function take(store: Pick<LogStore, "write">, call: LocalCall): Promise<{ taken: number }> {
  let taken = 0;
  for await (const text of createInterface({ input: call.request, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text === "") continue;
    store.write(readLine(text));
    taken++;
  }
  return { taken };
}

function readLine(text: string) {
  try {
    return fromWire(JSON.parse(text));
  } catch (cause) {
    throw new BusinessError("bad_request", errorText(cause), { cause });
  }
}

function readPieces(value: unknown) {
  try {
    const { pieces } = (value ?? {}) as { readonly pieces?: unknown };
    if (!Array.isArray(pieces)) throw new Error("pieces are missing");
    return pieces.map(pieceFromWire);
  } catch (cause) {
    throw new BusinessError("bad_request", errorText(cause), { cause });
  }
}

function readNames(value: unknown): readonly string[] {
  const { streams } = (value ?? {}) as { readonly streams?: unknown };
  if (Array.isArray(streams) && streams.every((name) => typeof name === "string")) return streams;
  throw new BusinessError("bad_request", "streams must be names");
}

async function* toWireBatches(batches: AsyncIterable<LogBatch>): AsyncGenerator<WireBatch> {
  for await (const batch of batches) yield* batchToWire(batch);
}

function checkQuery(value: unknown): LogQuery {
  const query = value as Partial<LogQuery> | undefined;
  if (typeof query?.appId !== "string" || typeof query.lines !== "number" || typeof query.filter !== "object")
    throw new BusinessError("bad_request", "a log query needs appId, lines and filter");
  const { appId, lines, filter, tail = false, after } = query;
  return { appId, lines, filter, tail, ...(after === undefined ? {} : { after }) };
}
