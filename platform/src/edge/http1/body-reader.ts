import type { BodyLength } from "./body-length.ts";
import { type Field, hasForbiddenBytes, isFieldFault, parseFields } from "./field.ts";

/** Who gets a body as it is read. */
export interface BodyListener {
  bodyData(bytes: Buffer): void;
  bodyEnd(trailers: readonly Field[]): void;
}

/** What a chunk size line and the trailers may take, with chunk extensions, which are read over. */
const LINE_LIMIT = 8192;
const TRAILER_LIMITS = { fields: 100, nameBytes: 1000, lineBytes: 8192 } as const;
const TRAILER_BYTES = 64 * 1024;
/** Size, and an extension without control characters (RFC 9112 §7.1). */
const SIZE_LINE = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i;
const LF = 0x0a;
const CR = 0x0d;
const NO_FIELDS: readonly Field[] = [];

type State = "data" | "size" | "chunk" | "chunk-end" | "trailers" | "ended" | "broken";

/**
 * Finds the end of a body in a stream of pieces and passes the data on without framing. Nothing is held but an
 * unfinished size line or trailer.
 */
export class BodyReader {
  readonly #listener: BodyListener;
  readonly #untilClose: boolean;
  #state: State;
  /** Bytes of the body, or of the chunk, still to come. */
  #left: number;
  #line = "";

  constructor(length: BodyLength, listener: BodyListener) {
    this.#listener = listener;
    this.#untilClose = length.kind === "close";
    this.#left = length.kind === "length" ? length.bytes : Number.POSITIVE_INFINITY;
    this.#state = length.kind === "chunked" ? "size" : length.kind === "none" ? "ended" : "data";
  }

  get ended(): boolean {
    return this.#state === "ended";
  }

  /** True when the body may properly end with the connection, here. */
  get endsWithConnection(): boolean {
    return this.#untilClose;
  }

  /**
   * Takes the next piece. Returns what came after the body's end, undefined when nothing did, `broken` when the piece
   * is no well-formed chunked body; then no more may be pushed.
   */
  push(piece: Buffer): Buffer | undefined | "broken" {
    let at = 0;
    while (at < piece.length && this.#state !== "ended") {
      at =
        this.#state === "data" || this.#state === "chunk" ? this.#pass(piece, at) : this.#readLine(piece, at);
      if (this.#state === "broken") return "broken";
    }
    return at < piece.length ? piece.subarray(at) : undefined;
  }

  #pass(piece: Buffer, at: number): number {
    const end = Math.min(piece.length, at + this.#left);
    this.#left -= end - at;
    const done = this.#left === 0;
    if (done) this.#state = this.#state === "chunk" ? "chunk-end" : "ended";
    this.#listener.bodyData(at === 0 && end === piece.length ? piece : piece.subarray(at, end));
    if (done && this.#state === "ended") this.#listener.bodyEnd(NO_FIELDS);
    return end;
  }

  #readLine(piece: Buffer, at: number): number {
    const end = piece.indexOf(LF, at);
    const upTo = end < 0 ? piece.length : end + 1;
    this.#line += piece.toString("latin1", at, upTo);
    const limit = this.#state === "trailers" ? TRAILER_BYTES : LINE_LIMIT;
    if (this.#line.length > limit) this.#state = "broken";
    else if (end >= 0) this.#lineEnded();
    return upTo;
  }

  #lineEnded(): void {
    const line = this.#line;
    if (line.charCodeAt(line.length - 2) !== CR) this.#state = "broken";
    else if (this.#state === "trailers") this.#trailerLine(line);
    else if (this.#state === "chunk-end") {
      this.#state = line === "\r\n" ? "size" : "broken";
      this.#line = "";
    } else this.#sizeLine(line.slice(0, -2));
  }

  #sizeLine(line: string): void {
    const size = hasForbiddenBytes(line) ? undefined : SIZE_LINE.exec(line)?.[1];
    this.#line = "";
    if (size === undefined) {
      this.#state = "broken";
      return;
    }
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
  }

  #trailerLine(all: string): void {
    if (all !== "\r\n" && !all.endsWith("\r\n\r\n")) return;
    const text = all === "\r\n" ? "" : all.slice(0, -4);
    const trailers = text === "" ? NO_FIELDS : parseFields(text.split("\r\n"), 0, TRAILER_LIMITS);
    if (hasForbiddenBytes(text) || isFieldFault(trailers)) {
      this.#state = "broken";
      return;
    }
    this.#state = "ended";
    this.#listener.bodyEnd(trailers);
  }
}
