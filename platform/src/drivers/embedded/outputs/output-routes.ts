import type { OutputStore, Turn } from "../../../delivery/output/index.ts";
import { BusinessError } from "../../../kernel/index.ts";
import type { LocalCall, LocalRoutes } from "../local/index.ts";

/**
 * Outputs for other Conifer processes:
 * - `POST /outputs/<id>/begin`, `POST /outputs/<id>` with `{text}`, `POST /outputs/<id>/end`; each may name the writer's `{turn}`.
 * - `GET /outputs/<id>`: a line with a JSON text for each piece, as it comes; 404 before it has begun.
 * - `DELETE /outputs/<id>`.
 */
export function outputRoutes(outputs: OutputStore): LocalRoutes {
  return {
    handlers: {
      "POST /outputs/:id/begin": async (call) =>
        await outputs.begin(call.params.id ?? "", (await bodyOf(call)).turn),
      "POST /outputs/:id": async (call) => {
        const { text, turn } = await bodyOf(call);
        if (typeof text !== "string") throw new BusinessError("bad_request", "an output needs a text");
        await outputs.append(call.params.id ?? "", text, turn);
      },
      "POST /outputs/:id/end": async (call) =>
        await outputs.end(call.params.id ?? "", (await bodyOf(call)).turn),
      "GET /outputs/:id": async (call) => begun(outputs.read(call.params.id ?? "", call.signal)),
      "DELETE /outputs/:id": (call) => outputs.remove(call.params.id ?? ""),
    },
  };
}

async function bodyOf(call: LocalCall): Promise<{ readonly text: unknown; readonly turn: Turn }> {
  const { text, turn } = ((await call.json()) ?? {}) as { text?: unknown; turn?: unknown };
  if (turn === undefined) return { text, turn };
  if (!Number.isSafeInteger(turn)) throw new BusinessError("bad_request", "a turn is a whole number");
  return { text, turn: Number(turn) };
}

/** The same texts, once the first has come: what has not begun is refused before the answer begins. */
async function begun(texts: AsyncIterable<string>): Promise<AsyncIterable<string>> {
  const iterator = texts[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}
