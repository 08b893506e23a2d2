import type { Clock, Logger, LogSink } from "../../kernel/index.ts";
import type { Deadlines } from "./deadlines.ts";
import type { ProxyFigures } from "./proxy-figures.ts";
import type { ProxyLimits } from "./proxy-limits.ts";
import type { Outbox } from "./socket-writer.ts";

/** What every connection of the router shares. */
export interface SocketContext {
  readonly limits: ProxyLimits;
  readonly deadlines: Deadlines;
  readonly outbox: Outbox;
}

/** What every request needs beside its connections. */
export interface ProxyContext extends SocketContext {
  /** The apps' logs: one line per request. */
  readonly log: LogSink;
  readonly figures: ProxyFigures;
  /** Our own log. */
  readonly logger: Logger;
  readonly now: Clock;
  readonly newId: () => string;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** The router is about to stop: no connection is kept. */
  isStopping(): boolean;
}
