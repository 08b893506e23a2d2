import type { Duplex } from "node:stream";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { errorText, type Logger, notFound, pause } from "../../../kernel/index.ts";
import { ATTACH_IDLE_MS, makeAttachSession, dynoTexts as texts } from "../../../runtime/dyno/index.ts";
import {
  isConflict,
  KIND,
  type KubeClient,
  openPodStream,
  type Pod,
  type PodStream,
} from "../client/index.ts";
import type { DynoBoard } from "./dyno-board.ts";
import { ANNOTATION, dynoObjectName } from "./dyno-labels.ts";
import { CONTAINER } from "./dyno-manifests.ts";
import { GATE_KEY, makeGateFilter } from "./start-gate.ts";

export interface AttachParts {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly board: DynoBoard;
  readonly logger: Logger;
  /** Resolves once the dyno's process runs (true) or never will (false). */
  readonly untilRunning: (dynoId: string) => Promise<boolean>;
  readonly untilComplete: (dynoId: string) => Promise<void>;
  readonly take: (pod: Pod) => void;
  /** Ends the dyno's pod. */
  readonly end: (dynoId: string) => Promise<void>;
}

/** Gives the dyno's one client its end of the connection at once; the process starts when the other end is joined. */
export async function attachDyno(parts: AttachParts, dynoId: string): Promise<Duplex> {
  const pod = await claimClient(parts, dynoId);
  const terminal = terminalOf(pod);
  const gone = Promise.withResolvers<void>();
  const session = makeAttachSession({
    terminal: terminal !== undefined,
    idleMs: ATTACH_IDLE_MS,
    onGone: (why) => {
      gone.resolve();
      parts.board.say(dynoId, why === "idle" ? texts.idle : texts.clientGone);
      void parts
        .end(dynoId)
        .catch((error) =>
          parts.logger.warn("a dyno without client was not ended", { dyno: dynoId, error: errorText(error) }),
        );
    },
  });
  const join = async () => {
    if (!(await parts.untilRunning(dynoId))) return;
    const stream = await openStream(parts, pod.metadata.name, terminal !== undefined);
    void gone.promise.then(() => stream.close());
    session.connect(passGate(stream, terminal));
    await parts.untilComplete(dynoId);
    await session.outputEnded;
  };
  void join()
    .catch(async (thrown: unknown) => {
      parts.logger.warn("a client could not be joined with its dyno", {
        dyno: dynoId,
        error: errorText(thrown),
      });
      parts.board.say(dynoId, texts.attachError);
      await parts.end(dynoId).catch(() => {});
    })
    .finally(() => session.end());
  return session.client;
}

/** Only one client can turn `awaited` into `attached`, whichever process it came to. */
async function claimClient({ client, namespace, take }: AttachParts, dynoId: string): Promise<Pod> {
  const place = { kind: KIND.pod, namespace };
  const name = dynoObjectName(dynoId);
  for (;;) {
    const pod = await client.get<Pod>(place, name).catch(() => {
      throw notFound("dyno");
    });
    const { annotations = {}, resourceVersion, deletionTimestamp } = pod.metadata;
    if (annotations[ANNOTATION.client] !== "awaited" || deletionTimestamp) throw notFound("dyno");
    const patch = { metadata: { resourceVersion, annotations: { [ANNOTATION.client]: "attached" } } };
    try {
      const attached = await client.merge<Pod>(place, name, patch);
      take(attached);
      return attached;
    } catch (thrown) {
      // Its status was written in between, or another client was faster: look again.
      if (!isConflict(thrown)) throw thrown;
    }
  }
}

interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

function terminalOf({ metadata }: Pod): TerminalSize | undefined {
  const [, columns, rows] = /^(\d+)x(\d+)$/.exec(metadata.annotations?.[ANNOTATION.terminal] ?? "") ?? [];
  return columns && rows ? { columns: Number(columns), rows: Number(rows) } : undefined;
}

const TRIES = 5;

/** The node may know of the container a moment later than the API server tells of it. */
async function openStream(parts: AttachParts, pod: string, terminal: boolean): Promise<PodStream> {
  const { client, namespace } = parts;
  for (let tried = 1; ; tried++) {
    try {
      return await openPodStream(client.access, {
        kind: "attach",
        namespace,
        pod,
        container: CONTAINER,
        terminal,
      });
    } catch (thrown) {
      if (tried === TRIES) throw thrown;
      await pause(100 * tried);
    }
  }
}

/** Opens the gate and leaves out what was printed before the program began. */
function passGate(
  stream: PodStream,
  terminal: TerminalSize | undefined,
): { input: Writable; outputs: readonly Readable[] } {
  const filter = makeGateFilter();
  const output = new PassThrough();
  stream.stdout.on("data", (chunk: Buffer) => {
    const part = filter.push(chunk);
    if (part.length > 0 && !output.write(part)) {
      stream.stdout.pause();
      output.once("drain", () => stream.stdout.resume());
    }
  });
  stream.stdout.once("close", () => output.end());
  // The program finds its terminal in the right size.
  if (terminal) stream.resize(terminal.columns, terminal.rows);
  stream.stdin.write(GATE_KEY);
  return { input: stream.stdin, outputs: terminal ? [output] : [output, stream.stderr] };
}
