import { errorText, type Logger, pause, type Running } from "../../kernel/index.ts";
import type { EndpointSource } from "../route/index.ts";
import type { RoutingTable } from "./routing-table.ts";

export interface WatchEndpointsOptions {
  readonly source: EndpointSource;
  readonly table: RoutingTable;
  readonly logger: Logger;
  /** How long to wait before watching again: this at first, twice as long after each failure, up to `mostMs`. */
  readonly leastMs?: number;
  readonly mostMs?: number;
}

/** Keeps the table's endpoints as the engine tells them. When the watch ends the endpoints are lost until it is back. */
export function watchEndpoints(options: WatchEndpointsOptions): Running {
  const { source, table, logger, leastMs = 20, mostMs = 1000 } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const watch = async () => {
    let waitMs = leastMs;
    let away = false;
    while (!signal.aborted) {
      try {
        for await (const news of source.watch(signal)) {
          table.news(news);
          if (away) logger.info("endpoints are known again");
          away = false;
          waitMs = leastMs;
        }
      } catch (error) {
        // Once is enough: the host may be away for long, and says itself why.
        if (!signal.aborted && !away) logger.warn("endpoints lost", { reason: errorText(error) });
      }
      if (signal.aborted) return;
      away = true;
      table.endpointsLost();
      await pause(waitMs, signal);
      waitMs = Math.min(mostMs, waitMs * 2);
    }
  };
  const watching = watch();
  return {
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}
