import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { notFound } from "../../../kernel/index.ts";
import { chunkName, type Kept, lookAt } from "./output-folder.ts";
import type { Change } from "./output-wakers.ts";

const PIECE_BYTES = 64 * 1024;
const LEFT_OUT = " !     This output is longer than Conifer keeps. What was here is left out.\n";

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly nextChange: () => Change;
}

/**
 * Yields the text of a folder: at once what there is, though it be nothing, then what comes. Pieces end between
 * characters. Says where chunks are missing, and starts again when the text begins anew.
 */
export async function* readOutput(
  folder: string,
  { signal, nextChange }: ReadOptions,
): AsyncGenerator<string> {
  const cursor = new Cursor(folder);
  for (let first = true; ; first = false) {
    const change = nextChange();
    try {
      const kept = await lookAt(folder);
      if (!kept && first) throw notFound("output");
      if (!kept || signal.aborted) return;
      if (first) yield "";
      for await (const text of cursor.advance(kept)) {
        if (text !== "") yield text;
        if (signal.aborted) return;
      }
      if (kept.ended && cursor.reachedEndOf(kept)) return yield cursor.rest();
      if (!cursor.lostItsWay) await change.done;
    } finally {
      change.cancel();
    }
  }
}

/** How far one reader has come. */
class Cursor {
  readonly #folder: string;
  #decoder = new StringDecoder("utf8");
  #epoch = 0;
  #chunk = 1;
  #offset = 0;
  /** A chunk went away while it was to be read: look again at once. */
  lostItsWay = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads to the end of what is kept. */
  async *advance(kept: Kept): AsyncGenerator<string> {
    this.lostItsWay = false;
    if (kept.epoch !== this.#epoch) this.#beginEpoch(kept.epoch);
    const [oldest = 1] = kept.chunks;
    if (oldest > this.#chunk) yield this.#jumpTo(oldest);
    for (const chunk of kept.chunks) {
      if (chunk < this.#chunk) continue;
      if (chunk > this.#chunk) this.#goTo(chunk);
      yield* this.#readChunk();
      if (this.lostItsWay) return;
    }
  }

  reachedEndOf(kept: Kept): boolean {
    return !this.lostItsWay && kept.epoch === this.#epoch && kept.chunks.at(-1) === this.#chunk;
  }

  /** What was begun of a character that never became whole. */
  rest(): string {
    return this.#decoder.end();
  }

  #beginEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#decoder = new StringDecoder("utf8");
    this.#goTo(1);
  }

  #goTo(chunk: number): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  #jumpTo(chunk: number): string {
    this.#goTo(chunk);
    return `${this.#decoder.end()}${LEFT_OUT}`;
  }

  async *#readChunk(): AsyncGenerator<string> {
    const file = await this.#open();
    if (!file) return;
    try {
      for (;;) {
        const buffer = Buffer.alloc(PIECE_BYTES);
        const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        yield this.#decoder.write(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      return await open(join(this.#folder, chunkName(this.#epoch, this.#chunk)));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
      this.lostItsWay = true;
      return undefined;
    }
  }
}
