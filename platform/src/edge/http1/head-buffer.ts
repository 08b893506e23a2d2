export type HeadOutcome =
  /** `text` has one character per byte, without the empty line; `rest` is what came after it. */
  | { readonly kind: "complete"; readonly text: string; readonly rest: Buffer | undefined }
  | { readonly kind: "partial" }
  | { readonly kind: "too-large" }
  | { readonly kind: "malformed" };

const PARTIAL: HeadOutcome = { kind: "partial" };
const END = "\r\n\r\n";
const CR = 0x0d;
const LF = 0x0a;

/**
 * Gathers a head that may come in any number of pieces. One that comes in one piece, nearly all do, is not copied.
 * Growing doubles, and each byte is searched once, so a sender of single bytes costs no more than its bytes.
 */
export class HeadBuffer {
  #held: Buffer | undefined;
  #length = 0;
  readonly #limit: number;
  /** Empty lines before a request are skipped (RFC 9112 §2.2); before a response they are not. */
  readonly #skipsEmptyLines: boolean;

  constructor(limit: number, options: { readonly skipsEmptyLines: boolean }) {
    this.#limit = limit;
    this.#skipsEmptyLines = options.skipsEmptyLines;
  }

  /** True when a head has begun and not ended. */
  get started(): boolean {
    return this.#length > 0;
  }

  push(piece: Buffer): HeadOutcome {
    if (this.#endsEmptyLine(piece)) {
      this.#length = 0;
      return piece.length > 1 ? this.push(piece.subarray(1)) : PARTIAL;
    }
    if (this.#length > 0) return this.#pushMore(piece);
    const from = this.#skipsEmptyLines ? afterEmptyLines(piece) : 0;
    const end = piece.indexOf(END, from, "latin1");
    if (end - from > this.#limit) return { kind: "too-large" };
    if (end >= 0) {
      const next = end + END.length;
      return {
        kind: "complete",
        text: piece.toString("latin1", from, end),
        rest: next < piece.length ? piece.subarray(next) : undefined,
      };
    }
    return this.#pushMore(from === 0 ? piece : piece.subarray(from));
  }

  /** An empty line before a request may come in two pieces. */
  #endsEmptyLine(piece: Buffer): boolean {
    return this.#skipsEmptyLines && this.#length === 1 && this.#held?.[0] === CR && piece[0] === LF;
  }

  #pushMore(piece: Buffer): HeadOutcome {
    const before = this.#length;
    const taken = piece.subarray(0, this.#limit + END.length - before);
    const held = this.#join(taken);
    const end = held.subarray(0, this.#length).indexOf(END, Math.max(0, before - 3), "latin1");
    if (end >= 0) {
      const next = end + END.length - before;
      this.#held = undefined;
      this.#length = 0;
      return {
        kind: "complete",
        text: held.toString("latin1", 0, end),
        rest: next < piece.length ? piece.subarray(next) : undefined,
      };
    }
    if (taken.length < piece.length) return { kind: "too-large" };
    return this.#hasBareLineEnd(held, before) ? { kind: "malformed" } : PARTIAL;
  }

  #join(piece: Buffer): Buffer {
    const length = this.#length + piece.length;
    if (!this.#held || this.#held.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(1024, length, (this.#held?.length ?? 0) * 2));
      this.#held?.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    piece.copy(this.#held, this.#length);
    this.#length = length;
    return this.#held;
  }

  /** A sender of bare line feeds would wait for ever for the answer to a head that never ends. */
  #hasBareLineEnd(held: Buffer, from: number): boolean {
    for (let at = held.indexOf(LF, from); at >= 0 && at < this.#length; at = held.indexOf(LF, at + 1)) {
      if (at === 0 || held[at - 1] !== CR) return true;
    }
    return false;
  }
}

function afterEmptyLines(piece: Buffer): number {
  let at = 0;
  while (piece[at] === CR && piece[at + 1] === LF) at += 2;
  return at;
}
