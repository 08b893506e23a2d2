/** A metric as it is documented and told. Every value of a label comes from a list that does not grow with use. */
export interface MetricDescription {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in seconds. */
  readonly buckets?: readonly number[];
  /** Which processes tell it, for the reference. */
  readonly roles: string;
}

/** Buckets of requests: visitors' and those of the API. */
export const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const ROUND_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3_600];
const BUILD_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900];

const WORKERS = "control; worker";

/** All that Conifer tells beside what every process tells of itself (`process_*`, `nodejs_*`). */
export const METRICS = {
  conifer_http_requests_total: {
    type: "counter",
    help: "Requests to the API that were answered, by route of the contract (`other` for none) and class of status.",
    labels: ["route", "status"],
    roles: "control; api",
  },
  conifer_http_request_seconds: {
    type: "histogram",
    help: "How long the API took to answer.",
    labels: ["route"],
    buckets: REQUEST_SECONDS,
    roles: "control; api",
  },
  conifer_router_requests_total: {
    type: "counter",
    help: "Requests for apps that have ended, by class of status and the router's error code, empty when there was none.",
    labels: ["status", "code"],
    roles: "router",
  },
  conifer_router_request_seconds: {
    type: "histogram",
    help: "From the connection to a dyno until the end of the answer; requests that reached none are not counted.",
    labels: [],
    buckets: REQUEST_SECONDS,
    roles: "router",
  },
  conifer_router_connections: {
    type: "gauge",
    help: "Connections of visitors that are open.",
    labels: [],
    roles: "router",
  },
  conifer_router_requests_in_flight: {
    type: "gauge",
    help: "Requests that a dyno works on.",
    labels: [],
    roles: "router",
  },
  conifer_router_requests_waiting: {
    type: "gauge",
    help: "Requests that wait for a dyno.",
    labels: [],
    roles: "router",
  },
  conifer_reconciles_total: {
    type: "counter",
    help: "Rounds of the reconcilers, by outcome: `done`, `waiting` for something, or `failed` and tried again.",
    labels: ["reconciler", "outcome"],
    roles: WORKERS,
  },
  conifer_reconcile_seconds: {
    type: "histogram",
    help: "How long a round took.",
    labels: ["reconciler"],
    buckets: ROUND_SECONDS,
    roles: WORKERS,
  },
  conifer_reconcile_lag_seconds: {
    type: "histogram",
    help: "From when something was known to need a round until it began.",
    labels: ["reconciler"],
    buckets: ROUND_SECONDS,
    roles: WORKERS,
  },
  conifer_builds_total: {
    type: "counter",
    help: "Builds that have ended, by kind (`buildpacks`, `container`) and result.",
    labels: ["kind", "result"],
    roles: WORKERS,
  },
  conifer_build_seconds: {
    type: "histogram",
    help: "How long builds took, the wait for room included.",
    labels: ["kind"],
    buckets: BUILD_SECONDS,
    roles: WORKERS,
  },
  conifer_apps_with_builds: {
    type: "gauge",
    help: "Apps with builds that wait or run. Every worker tells the same number.",
    labels: [],
    roles: WORKERS,
  },
  conifer_apps_with_releases: {
    type: "gauge",
    help: "Apps with releases whose release phase waits or runs. Every worker tells the same number.",
    labels: [],
    roles: WORKERS,
  },
  conifer_events_total: {
    type: "counter",
    help: "Changes that were dealt with, by kind: `build.finished`, `release.succeeded`, `release.failed` and others. One may be counted again after a kill.",
    labels: ["kind"],
    roles: WORKERS,
  },
  conifer_outbox_unread_events: {
    type: "gauge",
    help: "Events that a reader has not dealt with. Every worker tells the same number.",
    labels: ["reader"],
    roles: WORKERS,
  },
  conifer_outbox_lag_seconds: {
    type: "gauge",
    help: "Age of the oldest event that a reader has not dealt with. Every worker tells the same number.",
    labels: ["reader"],
    roles: WORKERS,
  },
  conifer_database_connections: {
    type: "gauge",
    help: "Connections of the pool: `busy` and `idle`; and `waiting`, callers that have none yet.",
    labels: ["state"],
    roles: "control; api, worker, files",
  },
  conifer_dynos: {
    type: "gauge",
    help: "Dynos that have not ended, by state. Every worker tells the same number.",
    labels: ["state"],
    roles: WORKERS,
  },
  conifer_log_lines_total: {
    type: "counter",
    help: "Lines of apps' logs that were taken.",
    labels: [],
    roles: "host; logs",
  },
  conifer_log_lines_lost_total: {
    type: "counter",
    help: "Lines of apps' logs that were lost: `flood` (written faster than allowed, L12) or `disk` (not written, L13).",
    labels: ["cause"],
    roles: "host; logs",
  },
  conifer_images_freed_bytes_total: {
    type: "counter",
    help: "Bytes of images that were removed because nothing reaches them.",
    labels: [],
    roles: "host; registry",
  },
  conifer_own_log_lines_lost_total: {
    type: "counter",
    help: "Lines of Conifer's own log that nobody took.",
    labels: [],
    roles: "all",
  },
  conifer_spans_lost_total: {
    type: "counter",
    help: "Spans of traces that no collector took.",
    labels: [],
    roles: "all",
  },
  conifer_role_up: {
    type: "gauge",
    help: "Whether a process answered this scrape: 1 or 0. Only where one scrape holds several.",
    labels: [],
    roles: "all of one machine",
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

export type MetricName = keyof typeof METRICS;
type NamesOf<T extends MetricDescription["type"]> = {
  [N in MetricName]: (typeof METRICS)[N]["type"] extends T ? N : never;
}[MetricName];
export type CounterName = NamesOf<"counter">;
export type GaugeName = NamesOf<"gauge">;
export type HistogramName = NamesOf<"histogram">;

/** A value for each label of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]["labels"][number], string>>;
