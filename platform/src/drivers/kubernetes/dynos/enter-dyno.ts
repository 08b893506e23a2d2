import { type Duplex, PassThrough, type Readable } from "node:stream";
import { errorText, type Logger, notFound, pause } from "../../../kernel/index.ts";
import {
  ATTACH_IDLE_MS,
  type InsideCommand,
  makeAttachSession,
  notUp,
  shellArgv,
} from "../../../runtime/dyno/index.ts";
import { type KubeClient, openPodStream, type PodStream } from "../client/index.ts";
import type { DynoBoard } from "./dyno-board.ts";
import { CONTAINER } from "./dyno-manifests.ts";
import {
  type EntryFilter,
  enterArgv,
  environmentLines,
  makeEntryFilter,
  signalArgv,
} from "./inside-script.ts";
import { currentRun } from "./pod-run.ts";

export interface EnterParts {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly board: DynoBoard;
  readonly logger: Logger;
}

/** Starts the command in the dyno's container, and gives its client the other end of the connection. */
export async function enterDyno(
  parts: EnterParts,
  dynoId: string,
  { line, env, terminal }: InsideCommand,
): Promise<Duplex> {
  const { pod, stopSeconds } = findPod(parts, dynoId);
  const stream = await open(parts, pod, enterArgv(shellArgv(line)), terminal !== undefined);
  const filter = makeEntryFilter();
  const gone = Promise.withResolvers<"closed" | "idle">();
  const session = makeAttachSession({
    terminal: terminal !== undefined,
    idleMs: ATTACH_IDLE_MS,
    onGone: gone.resolve,
  });
  // The command finds its terminal in the right size.
  if (terminal) stream.resize(terminal.columns, terminal.rows);
  stream.stdin.write(environmentLines(env));
  const output = pastEntry(stream, filter);
  session.connect({ input: stream.stdin, outputs: terminal ? [output] : [output, stream.stderr] });
  const known = Promise.race([filter.session, stream.ended.then(() => undefined)]);
  const signal = async (name: "HUP" | "KILL") =>
    await sendSignal(parts, { pod, dynoId, name, session: await known });
  const follow = async () => {
    const first = await Promise.race([stream.ended, gone.promise]);
    if (typeof first === "string") {
      const late = new AbortController();
      const ended = Promise.race([stream.ended, pause(stopSeconds * 1_000, late.signal)]);
      await Promise.race([signal("HUP"), ended]);
      await ended;
      late.abort();
    } else await Promise.race([session.outputEnded, gone.promise]);
    session.end();
    stream.close();
    await signal("KILL");
  };
  void follow();
  return session.client;
}

function findPod({ board }: EnterParts, dynoId: string): { pod: string; stopSeconds: number } {
  const dyno = board.find(dynoId);
  if (!dyno || dyno.state.kind === "complete") throw notFound("dyno");
  const { entry, runs, stopSeconds } = dyno.sight;
  const run = currentRun(runs);
  if (dyno.state.kind !== "up" || !run) throw notUp(entry.name, dyno.state.kind);
  return { pod: run.pod, stopSeconds };
}

function open(
  { client, namespace }: EnterParts,
  pod: string,
  command: readonly string[],
  terminal: boolean,
): Promise<PodStream> {
  return openPodStream(client.access, {
    kind: "exec",
    namespace,
    pod,
    container: CONTAINER,
    command,
    terminal,
  });
}

/** The output without what comes before the command, at its reader's pace. */
function pastEntry({ stdout }: PodStream, filter: EntryFilter): Readable {
  const output = new PassThrough();
  stdout.on("data", (chunk: Buffer) => {
    const part = filter.push(chunk);
    if (part.length > 0 && !output.write(part)) {
      stdout.pause();
      output.once("drain", () => stdout.resume());
    }
  });
  stdout.once("close", () => output.end());
  return output;
}

/** Never rejects: a dyno that has gone needs no signal. */
async function sendSignal(
  parts: EnterParts,
  target: { pod: string; dynoId: string; name: "HUP" | "KILL"; session: number | undefined },
): Promise<void> {
  if (target.session === undefined) return;
  try {
    const sent = await open(parts, target.pod, signalArgv(target.session, target.name), false);
    for (const each of [sent.stdout, sent.stderr]) each.resume();
    sent.stdin.end();
    await sent.ended;
  } catch (thrown) {
    parts.logger.debug("a command inside a dyno could not be told to end", {
      dyno: target.dynoId,
      error: errorText(thrown),
    });
  }
}
