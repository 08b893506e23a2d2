import { Duplex, type Readable, type Writable } from "node:stream";
import { makeMarkerGuard } from "./marker-guard.ts";

/** What a process reads and writes; with a terminal both are the same stream. */
export interface ProcessStreams {
  readonly input: Writable | undefined;
  readonly outputs: readonly Readable[];
}

/** Nothing in either direction for an hour ends a session (facts: runtime §5). */
export const ATTACH_IDLE_MS = 3_600_000;

/** The connection between a one-off dyno and its client, before and while the process runs. */
export interface AttachSession {
  /** The client's end: what it writes is input, what it reads is output. */
  readonly client: Duplex;
  /** Joins the client with the process's streams. */
  connect(streams: ProcessStreams): void;
  /** Resolves when all output has been handed over, or the client is gone. */
  readonly outputEnded: Promise<void>;
  /** The process has ended: the client reads what is left, then the end. */
  end(): void;
}

export interface AttachOptions {
  readonly terminal: boolean;
  /** Nothing in either direction for so long ends the session. */
  readonly idleMs: number;
  readonly onGone: (why: "closed" | "idle") => void;
}

/** Without a terminal this byte means that the client's input has ended (facts: CLI client §4). */
const END_OF_INPUT = 4;

function readAll(outputs: readonly Readable[], take: (chunk: Buffer) => void, allClosed: () => void): void {
  // One that stayed empty may have closed before anybody listened.
  const live = outputs.filter(({ closed }) => !closed);
  let open = live.length;
  if (open === 0) allClosed();
  for (const output of live) {
    output.on("data", take);
    output.once("close", () => {
      open--;
      if (open === 0) allClosed();
    });
  }
}

/** Bytes pass unchanged in both directions and at the reader's pace. */
export function makeAttachSession({ terminal, idleMs, onGone }: AttachOptions): AttachSession {
  const guard = makeMarkerGuard();
  const ended = Promise.withResolvers<void>();
  let input: Writable | undefined;
  let endInput = () => {};
  let outputs: readonly Readable[] = [];
  let connected = (): void => {};
  const ready = new Promise<void>((resolve) => {
    connected = resolve;
  });
  let over = false;
  const idle = setTimeout(() => gone("idle"), idleMs);
  const gone = (why: "closed" | "idle") => {
    clearTimeout(idle);
    ended.resolve();
    for (const output of outputs) output.resume();
    if (over) return;
    over = true;
    onGone(why);
    if (why === "idle") client.destroy();
  };
  const client = new Duplex({
    // When the output has ended there is nobody left to read input.
    allowHalfOpen: false,
    read: () => {
      for (const output of outputs) output.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      idle.refresh();
      void ready.then(() => giveInput(chunk, done));
    },
    final: (done) => {
      gone("closed");
      done();
    },
    destroy: (error, done) => {
      gone("closed");
      done(error);
    },
  });
  const giveInput = (chunk: Buffer, done: () => void) => {
    const stop = terminal ? -1 : chunk.indexOf(END_OF_INPUT);
    const given = stop < 0 ? chunk : chunk.subarray(0, stop);
    // A program that has closed its input does not want the rest.
    if (given.length === 0 || !input?.writable) done();
    else input.write(given, () => done());
    if (stop >= 0) {
      endInput();
      input = undefined;
    }
  };
  const take = (chunk: Buffer) => {
    idle.refresh();
    let flows = true;
    for (const piece of guard.push(chunk)) flows = client.push(piece);
    if (!flows) for (const output of outputs) output.pause();
  };
  const finish = () => {
    clearTimeout(idle);
    over = true;
    if (!client.destroyed) {
      for (const piece of guard.flush()) client.push(piece);
      client.push(null);
    }
    ended.resolve();
  };
  return {
    client,
    outputEnded: ended.promise,
    connect: (streams) => {
      outputs = streams.outputs;
      input = streams.input;
      endInput = () => void streams.input?.end();
      readAll(outputs, take, () => ended.resolve());
      connected();
    },
    end: finish,
  };
}
