import { errorText, type Logger, pause } from "../../../kernel/index.ts";
import { dynoTexts as texts } from "../../../runtime/dyno/index.ts";
import { KIND } from "../client/index.ts";
import type { DynoBoard } from "./dyno-board.ts";
import type { BoardDyno } from "./dyno-sight.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { currentRun } from "./pod-run.ts";

/** A probe of the node ends a container that does not listen; should it not, the pod is replaced. */
const NODE_ENDS_IT_MS = 10_000;

/** Ends the pod of a dyno that did not listen in time, or that waits for a client in vain. Never rejects. */
export async function endOverdue(
  {
    board,
    writer,
    logger,
  }: { readonly board: DynoBoard; readonly writer: ObjectWriter; readonly logger: Logger },
  dyno: BoardDyno,
  why: "boot" | "client",
): Promise<void> {
  const { id } = dyno.sight.entry;
  const run = currentRun(dyno.sight.runs);
  if (!run) return;
  try {
    if (why === "client") {
      board.say(id, texts.attachError);
      return await writer.remove(KIND.pod, run.pod);
    }
    await pause(NODE_ENDS_IT_MS);
    const now = currentRun(board.find(id)?.sight.runs ?? []);
    if (now?.uid === run.uid && now.run === run.run && now.phase.kind === "running")
      await writer.remove(KIND.pod, run.pod);
  } catch (thrown) {
    logger.warn("a dyno whose time is over cannot be ended", { dyno: id, error: errorText(thrown) });
  }
}
