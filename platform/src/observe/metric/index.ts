export { joinMetrics, METRICS_TYPE, metricsText } from "./join-metrics.ts";
export {
  type Meter,
  makeMeter,
  type RoleMeter,
  silentMeter,
  type ToldMetric,
} from "./meter.ts";
export { REQUEST_SECONDS } from "./metric-catalog.ts";
