import type { Database } from "../drivers/postgres/store/index.ts";
import type { LineCounts } from "../observe/log/index.ts";
import type { Meter } from "../observe/metric/index.ts";

/** `2xx` and so on: the class of a status, whatever it is. */
export function statusClass(status: number): string {
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "other";
}

/** Counts the API's requests by the contract's routes: paths hold names, and there is no end of them. */
export function countRequests(meter: Meter) {
  return (route: string | undefined, status: number, seconds: number): void => {
    const labels = { route: route ?? "other" };
    meter.add("conifer_http_requests_total", { ...labels, status: statusClass(status) });
    meter.observe("conifer_http_request_seconds", labels, seconds);
  };
}

/** Tells how a process uses its connections to the database. */
export function countConnections(meter: Meter, database: Pick<Database, "connections">): void {
  meter.gauge("conifer_database_connections", () =>
    Object.entries(database.connections()).map(([state, value]) => ({ labels: { state }, value })),
  );
}

/** Counts the lines of apps' logs, for whoever keeps them. */
export function countLines(meter: Meter): LineCounts {
  return {
    taken: (lines) => meter.add("conifer_log_lines_total", {}, lines),
    lost: (cause, lines) => meter.add("conifer_log_lines_lost_total", { cause }, lines),
  };
}

/** Counts what a collection of images has freed. */
export function countFreed(meter: Meter) {
  return ({ freedBytes }: { readonly freedBytes: number }): void =>
    meter.add("conifer_images_freed_bytes_total", {}, freedBytes);
}
