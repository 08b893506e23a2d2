import type { Endpoint } from "../route/index.ts";
import type { Candidate } from "./choose-dyno.ts";
import { DynoConnection, type ResponseListener } from "./dyno-connection.ts";
import type { SocketContext } from "./proxy-context.ts";

export interface DynoOptions {
  readonly endpoint: Endpoint;
  readonly address: { readonly host: string; readonly port: number };
  readonly sockets: SocketContext;
}

/** A dyno in the table, with its idle connections. The newest is used first, so that those too many grow old. */
export class RoutedDyno implements Candidate {
  readonly name: string;
  quarantinedUntil = 0;
  readonly #options: DynoOptions;
  #idle: DynoConnection[] = [];
  #left = false;

  constructor(options: DynoOptions) {
    this.#options = options;
    this.name = options.endpoint.name;
  }

  /** True once it is out of the table: no new request goes there. */
  get left(): boolean {
    return this.#left;
  }

  get idleConnections(): number {
    return this.#idle.length;
  }

  quarantine(now: number): void {
    this.quarantinedUntil = now + this.#options.sockets.limits.quarantineMs;
  }

  /** An idle connection that has rested no longer than `restMs`; undefined when there is none. */
  take(restMs: number): DynoConnection | undefined {
    const newest = this.#idle.at(-1);
    if (!newest || performance.now() - newest.restedAt > restMs) return undefined;
    return this.#idle.pop();
  }

  connect(listener: ResponseListener): DynoConnection {
    const { address, sockets } = this.#options;
    const onRestEnd = (connection: DynoConnection) => {
      this.#idle = this.#idle.filter((idle) => idle !== connection);
    };
    return new DynoConnection({ ...sockets, ...address, onRestEnd }, listener);
  }

  /** Keeps a connection for the next request. */
  release(connection: DynoConnection): void {
    if (this.#left) {
      connection.destroy();
      return;
    }
    connection.rest();
    this.#idle.push(connection);
  }

  /** It leaves the table: requests under way go on, idle connections are closed. */
  leave(): void {
    this.#left = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }
}
