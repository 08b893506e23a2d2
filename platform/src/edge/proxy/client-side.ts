import type { Socket } from "node:net";
import type { AppTraffic } from "./app-traffic.ts";
import type { RequestRecord } from "./router-line.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** What an exchange needs of the client's connection. */
export interface ClientSide {
  readonly writer: SocketWriter;
  /** The client's address. */
  readonly peer: string;
  readonly proto: "http" | "https";
  /** When the exchange is to be asked to `expire`. */
  deadline: number;
  /** The exchange takes input again. */
  wake(): void;
  /** The response is written; `keepAlive` if the connection may stand. */
  finished(keepAlive: boolean): void;
  /** Ends the connection so that the client sees that the response is not whole; `reset` where a plain end would not tell. */
  cut(options: { readonly reset: boolean }): void;
  /** Ends the connection at once; whatever is under way on it is told that the client is gone. */
  destroy(): void;
  /** Gives the socket away, with the input that was read and not used. */
  handOver(): { readonly socket: Socket; readonly pending: Buffer | undefined };
  /** A socket that was given away is closed. */
  closed(): void;
  log(app: AppTraffic, record: Omit<RequestRecord, "tlsVersion">): void;
}
