import type { Socket } from "node:net";
import { type Deadlines, type Expiring, NEVER } from "./deadlines.ts";

/** How an upgraded connection came to its end. */
export type TunnelEnd = "closed" | "silent" | "forced";

export interface TunnelOptions {
  readonly client: Socket;
  readonly dyno: Socket;
  /** Longest time without a byte in either direction. */
  readonly silenceMs: number;
  readonly deadlines: Deadlines;
  /** Called once, when both sockets are closed or being closed; `bytes` went to the client. */
  readonly onEnd: (end: TunnelEnd, bytes: number) => void;
}

/**
 * Joins two sockets whose protocol is not ours. Each direction ends by itself, so that a side may say good-bye and still
 * hear the other out. Bytes wait in neither: a full socket stops the reading of the other.
 */
export class Tunnel implements Expiring {
  deadline = NEVER;
  readonly #options: TunnelOptions;
  #bytes = 0;
  #openSides = 2;
  #over = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
    const { client, dyno, deadlines } = options;
    deadlines.add(this);
    this.#touch();
    this.#join(client, dyno, () => {});
    this.#join(dyno, client, (bytes) => {
      this.#bytes += bytes;
    });
  }

  expire(): void {
    this.#finish("silent");
  }

  close(): void {
    this.#finish("forced");
  }

  #join(from: Socket, to: Socket, count: (bytes: number) => void): void {
    from
      .on("data", (piece: Buffer) => {
        this.#touch();
        count(piece.length);
        if (!to.write(piece)) from.pause();
      })
      .on("end", () => to.end())
      .on("drain", () => to.resume())
      .on("error", () => {})
      .on("close", () => this.#sideClosed(to));
    if (to.writableNeedDrain) from.pause();
    else from.resume();
  }

  #touch(): void {
    this.deadline = performance.now() + this.#options.silenceMs;
  }

  #sideClosed(other: Socket): void {
    this.#openSides -= 1;
    if (this.#openSides === 0) this.#finish("closed");
    // What was already taken for the other side still reaches it.
    else if (!other.writableEnded) other.end(() => other.destroy());
    else if (!other.writableNeedDrain && other.writableLength === 0) other.destroy();
  }

  #finish(end: TunnelEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.deadlines.delete(this);
    this.#options.client.destroy();
    this.#options.dyno.destroy();
    this.#options.onEnd(end, this.#bytes);
  }
}
