import type { RunningProxy } from "../edge/proxy/index.ts";
import type { Meter } from "../observe/metric/index.ts";

/** Tells at each scrape what the router has counted by itself. */
export function tellTraffic(meter: Meter, { figures, load }: Pick<RunningProxy, "figures" | "load">): void {
  meter.counter("conifer_router_requests_total", () =>
    figures.ended().map(({ count, ...labels }) => ({ labels, value: count })),
  );
  meter.histogram("conifer_router_request_seconds", () => figures.times());
  meter.gauge("conifer_router_connections", () => [{ labels: {}, value: load().connections }]);
  meter.gauge("conifer_router_requests_in_flight", () => [{ labels: {}, value: load().inFlight }]);
  meter.gauge("conifer_router_requests_waiting", () => [{ labels: {}, value: load().waiting }]);
}
