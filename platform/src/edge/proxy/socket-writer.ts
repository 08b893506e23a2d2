import type { Socket } from "node:net";

/** Up to so many bytes it is cheaper to copy than to make another write of. */
const COPIED_BYTES = 4096;
/** More than this is not held back. */
const GATHERED_CHARACTERS = 16_384;

/**
 * Writers that have something to send. They send at the end of the event loop's turn, all together: those on the other
 * side of many sockets are then woken once and not for each, which is where a busy router's time goes.
 */
export class Outbox {
  #writers: SocketWriter[] = [];

  add(writer: SocketWriter): void {
    if (this.#writers.push(writer) === 1) setImmediate(() => this.#sendAll());
  }

  #sendAll(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.send();
  }
}

/**
 * Gathers what is written to a socket and sends it with as few system calls as it can: most responses, head, body and
 * framing, are one write.
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  #gathered = "";
  #posted = false;

  constructor(socket: Socket, outbox: Outbox) {
    this.#socket = socket;
    this.#outbox = outbox;
  }

  /** Adds text of one character per byte. */
  text(text: string): void {
    this.#gathered += text;
  }

  bytes(bytes: Buffer): void {
    if (bytes.length <= COPIED_BYTES) {
      this.#gathered += bytes.toString("latin1");
      return;
    }
    this.send();
    this.#socket.write(bytes);
  }

  chunk(bytes: Buffer): void {
    this.#gathered += `${bytes.length.toString(16)}\r\n`;
    this.bytes(bytes);
    this.#gathered += "\r\n";
  }

  /** Has what was gathered sent soon. False when the socket has more than it can take: wait for its `drain`. */
  flush(): boolean {
    if (this.#gathered.length > GATHERED_CHARACTERS) this.send();
    else if (this.#gathered !== "" && !this.#posted) {
      this.#posted = true;
      this.#outbox.add(this);
    }
    return !this.#socket.writableNeedDrain;
  }

  /** Sends what was gathered, now: before the socket is ended or given away. */
  send(): void {
    this.#posted = false;
    if (this.#gathered === "") return;
    const text = this.#gathered;
    this.#gathered = "";
    if (this.#socket.writable) this.#socket.write(text, "latin1");
  }
}
