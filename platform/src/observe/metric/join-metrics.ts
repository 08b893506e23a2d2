import { AggregatorRegistry } from "prom-client";
import type { ToldMetric } from "./meter.ts";
import { METRICS } from "./metric-catalog.ts";

/** What Prometheus calls its text format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What several roles told as one text; a role that told nothing is said to be down. */
export async function joinMetrics(
  roles: ReadonlyMap<string, readonly ToldMetric[] | undefined>,
): Promise<string> {
  const told = [...roles.values()].filter((metrics) => metrics !== undefined);
  const joined = AggregatorRegistry.aggregate([...told, [upOf(roles)]] as object[]);
  return await joined.metrics();
}

/** One role's text. */
export async function metricsText(metrics: readonly ToldMetric[]): Promise<string> {
  return await AggregatorRegistry.aggregate([metrics as object]).metrics();
}

function upOf(roles: ReadonlyMap<string, unknown>): ToldMetric {
  return {
    ...{ name: "conifer_role_up", help: METRICS.conifer_role_up.help, type: "gauge", aggregator: "sum" },
    values: [...roles].map(([role, told]) => ({ value: told === undefined ? 0 : 1, labels: { role } })),
  };
}
