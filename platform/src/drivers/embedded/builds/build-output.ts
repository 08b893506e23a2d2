import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StringDecoder } from "node:string_decoder";

/**
 * The output of one build, on disk, for any number of readers who each begin at the beginning. What goes beyond the
 * limit is counted and left out, which the last line tells.
 */
export interface BuildOutput {
  append(text: string): void;
  /** No more will come. Resolves when all is in the file. */
  end(): Promise<void>;
  /** All there is, then what comes, whole lines where lines end in time; returns at the end or when the signal aborts. */
  read(signal: AbortSignal): AsyncGenerator<string>;
}

const READ_BYTES = 64 * 1024;

export async function openBuildOutput(path: string, limitBytes: number): Promise<BuildOutput> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w", 0o600);
  const state = { written: 0, queued: 0, dropped: 0, ended: false };
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const go of waiting) go();
    waiting.clear();
  };
  let last: Promise<void> = Promise.resolve();
  const write = (bytes: Buffer) => {
    state.queued += bytes.length;
    last = last
      .then(() => file.appendFile(bytes))
      .then(() => {
        state.written += bytes.length;
        wake();
      });
    last.catch(() => {});
  };
  let ending: Promise<void> | undefined;
  return {
    append(text) {
      const bytes = Buffer.from(text);
      if (state.queued + bytes.length <= limitBytes) write(bytes);
      else state.dropped += bytes.length;
    },
    end() {
      ending ??= (async () => {
        if (state.dropped > 0) write(Buffer.from(`\n[${state.dropped} more bytes of output left out]\n`));
        await last.finally(async () => {
          state.ended = true;
          wake();
          await file.close();
        });
      })();
      return ending;
    },
    read: (signal) => follow(path, { state, waiting }, signal),
  };
}

interface Followed {
  readonly state: { readonly written: number; readonly ended: boolean };
  readonly waiting: Set<() => void>;
}

async function* follow(
  path: string,
  { state, waiting }: Followed,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const file = await open(path, "r");
  const decoder = new StringDecoder("utf8");
  try {
    for (let at = 0; !signal.aborted; ) {
      if (at < state.written) {
        const chunk = await readAt(file, at, Math.min(READ_BYTES, state.written - at));
        at += chunk.length;
        const text = decoder.write(chunk);
        if (text) yield text;
      } else if (state.ended) {
        return;
      } else {
        await nextChange(waiting, signal);
      }
    }
  } finally {
    await file.close();
  }
}

/** The output of a build that has ended. */
export async function* readOutputFile(path: string, signal: AbortSignal): AsyncGenerator<string> {
  const { size } = await stat(path);
  yield* follow(path, { state: { written: size, ended: true }, waiting: new Set() }, signal);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead === 0) throw new Error("the build's output has been cut off");
  return buffer.subarray(0, bytesRead);
}

function nextChange(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      waiting.delete(go);
      signal.removeEventListener("abort", go);
      resolve();
    };
    waiting.add(go);
    signal.addEventListener("abort", go, { once: true });
  });
}

/** Passes text on in whole lines; a line that does not end is passed on when it gets long, and at the end. */
export function inLines(pass: (text: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string) => {
    rest += text;
    const end = rest.length > 16_384 ? rest.length : rest.lastIndexOf("\n") + 1;
    if (end === 0) return;
    pass(rest.slice(0, end));
    rest = rest.slice(end);
  };
  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => {
      const text = rest + decoder.end();
      if (text) pass(text);
      rest = "";
    },
  };
}
