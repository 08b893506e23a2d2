import { type BodyListener, BodyReader, type Field, type RequestHead } from "../http1/index.ts";
import { trailerLines } from "./forward-response.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** Carries a request's body to a dyno, in the length the head stated or in chunks of the router's own. */
export class Upload implements BodyListener {
  readonly #reader: BodyReader;
  readonly #chunked: boolean;
  #to: SocketWriter | undefined;
  /** The dyno has more than it can take. */
  #blocked = false;

  constructor(head: RequestHead) {
    this.#reader = new BodyReader(head.body, this);
    this.#chunked = head.body.kind === "chunked";
  }

  /** True when the whole request is on its way. */
  get ended(): boolean {
    return this.#reader.ended;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  /** True while more of the body can be pushed. */
  get wants(): boolean {
    return this.#to !== undefined && !this.#blocked && !this.ended;
  }

  /** Begins, once there is a dyno to send to. */
  open(to: SocketWriter): void {
    this.#to = to;
  }

  /** Stops; what is still to come will not be sent. */
  close(): void {
    this.#to = undefined;
  }

  unblock(): void {
    this.#blocked = false;
  }

  /** Takes a piece of the connection's input; returns what came after the request, `broken` for a bad chunk. */
  push(piece: Buffer): Buffer | undefined | "broken" {
    const rest = this.#reader.push(piece);
    if (this.#to && !this.#to.flush()) this.#blocked = true;
    return rest;
  }

  bodyData(bytes: Buffer): void {
    if (this.#chunked) this.#to?.chunk(bytes);
    else this.#to?.bytes(bytes);
  }

  bodyEnd(trailers: readonly Field[]): void {
    if (this.#chunked) this.#to?.text(`0\r\n${trailerLines(trailers)}\r\n`);
  }
}
