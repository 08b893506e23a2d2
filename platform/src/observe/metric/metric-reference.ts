import { METRICS, type MetricDescription } from "./metric-catalog.ts";

/** The table of `docs/reference/metrics.md`. */
export function metricTable(): string {
  const rows = Object.entries(METRICS).map(([name, metric]: [string, MetricDescription]) => {
    const labels = metric.labels.map((label) => `\`${label}\``).join(", ") || "–";
    return `| \`${name}\` | ${metric.type} | ${labels} | ${metric.roles} | ${metric.help} |`;
  });
  return [
    "| Metric | Type | Labels | Processes | What it is |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
