import type { Socket } from "node:net";

/** Up to so many bytes it is cheaper to copy than to make another write of. */
const COPIED_BYTES = 4096;

/**
 * Gathers what is written during one event and sends it with as few system calls as it can: most responses, head, body
 * and framing, are one write.
 */
export class SocketWriter {
  readonly #socket: Socket;
  #gathered = "";

  constructor(socket: Socket) {
    this.#socket = socket;
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
    this.flush();
    this.#socket.write(bytes);
  }

  chunk(bytes: Buffer): void {
    this.#gathered += `${bytes.length.toString(16)}\r\n`;
    this.bytes(bytes);
    this.#gathered += "\r\n";
  }

  /** Sends what was gathered. False when the socket has more than it can take: wait for its `drain`. */
  flush(): boolean {
    if (this.#gathered !== "") {
      this.#socket.write(this.#gathered, "latin1");
      this.#gathered = "";
    }
    return !this.#socket.writableNeedDrain;
  }
}
