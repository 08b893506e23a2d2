import { runCluster } from "./cluster-command.ts";

/** Requests that an API server has answered since it started, by `<verb> <resource>`. Watches count when they end. */
export type RequestCounts = ReadonlyMap<string, number>;

const LINE = /^apiserver_request_total\{(.*)\} (\S+)$/gm;
const LABEL = /(\w+)="([^"]*)"/g;

/** Reads the counters of a cluster of ours. */
export function countRequests(cluster: string): RequestCounts {
  return readCounts(runCluster(cluster, ["kubectl", "get", "--raw", "/metrics"]));
}

export function readCounts(metrics: string): RequestCounts {
  const counts = new Map<string, number>();
  for (const [, text = "", count] of metrics.matchAll(LINE)) {
    const labels = new Map([...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, value]));
    const resource = [labels.get("resource"), labels.get("subresource")].filter(Boolean).join("/");
    const key = `${labels.get("verb")} ${resource || "none"}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(count));
  }
  return counts;
}

export interface RequestsPerDeploy {
  readonly writes: number;
  readonly reads: number;
  readonly events: number;
  /** Writes other than of events, by resource, the most first. */
  readonly byResource: Readonly<Record<string, number>>;
}

const IDLE = new Set(["leases", "none", "tokenreviews", "subjectaccessreviews"]);
const WRITES = new Set(["POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"]);

/** What came in addition, for one of so many deploys, to what comes when nothing happens for as long. */
export function requestsPerDeploy(
  busy: RequestCounts,
  idle: RequestCounts,
  deploys: number,
): RequestsPerDeploy {
  const found = { writes: 0, reads: 0, events: 0 };
  const byResource: Record<string, number> = {};
  for (const [key, count] of busy) {
    const [verb = "", resource = ""] = key.split(" ");
    const each = (count - (idle.get(key) ?? 0)) / deploys;
    if (IDLE.has(resource) || verb === "WATCH" || verb === "CONNECT" || each <= 0) continue;
    if (resource === "events") found.events += each;
    else if (!WRITES.has(verb)) found.reads += each;
    else {
      found.writes += each;
      byResource[resource] = (byResource[resource] ?? 0) + each;
    }
  }
  const round = (value: number) => Number(value.toFixed(1));
  return {
    ...{ writes: round(found.writes), reads: round(found.reads), events: round(found.events) },
    byResource: Object.fromEntries(
      Object.entries(byResource)
        .map(([resource, each]) => [resource, round(each)] as const)
        .filter(([, each]) => each >= 0.1)
        .sort(([, a], [, b]) => b - a),
    ),
  };
}

/** The difference of two readings, so much of it as fits a time that is `share` as long. */
export function between(before: RequestCounts, after: RequestCounts, share = 1): RequestCounts {
  return new Map([...after].map(([key, count]) => [key, (count - (before.get(key) ?? 0)) * share]));
}
