import type { Duplex } from "node:stream";
import { pause } from "../../../kernel/index.ts";
import { ATTACH_IDLE_MS, makeAttachSession } from "../../../runtime/dyno/index.ts";
import type { EnteredProgram } from "../sandbox/index.ts";

const OUTPUT_WITHIN_MS = 10_000;

export interface InsideOptions {
  readonly terminal: boolean;
  /** From SIGHUP, when the client has gone, to SIGKILL. */
  readonly stopSeconds: number;
  /** Default: an hour. */
  readonly idleMs?: number;
}

/** The client's end of a program that runs beside a dyno's process. What the program has started ends with it. */
export function joinInside(
  program: EnteredProgram,
  { terminal, stopSeconds, idleMs = ATTACH_IDLE_MS }: InsideOptions,
): Duplex {
  const gone = Promise.withResolvers<void>();
  const session = makeAttachSession({ terminal, idleMs, onGone: () => gone.resolve() });
  const { pipes } = program;
  if (program.terminal) session.connect({ input: program.terminal, outputs: [program.terminal] });
  else session.connect({ input: pipes?.stdin, outputs: pipes ? [pipes.stdout, pipes.stderr] : [] });
  const follow = async () => {
    const exited = program.exited.then(() => "exited" as const);
    if ((await Promise.race([exited, gone.promise])) !== "exited") {
      program.signal("SIGHUP");
      const late = new AbortController();
      await Promise.race([exited, pause(stopSeconds * 1_000, late.signal)]);
      late.abort();
    }
    program.signal("SIGKILL");
    // What began a session of its own may hold the output open for as long as the dyno runs.
    const slow = new AbortController();
    await Promise.race([session.outputEnded, pause(OUTPUT_WITHIN_MS, slow.signal)]);
    slow.abort();
    session.end();
    program.terminal?.destroy();
    pipes?.stdin?.destroy();
  };
  void follow();
  return session.client;
}
