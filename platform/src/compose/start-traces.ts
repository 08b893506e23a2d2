import { type Logger, type Running, systemClock } from "../kernel/index.ts";
import type { Meter } from "../observe/metric/index.ts";
import { makeTracer, silentTracer, startSpanExport, type Tracer } from "../observe/trace/index.ts";
import type { Config } from "./config.ts";

/** A role's tracer: without a place where traces go, one that does nothing. */
export function startTraces(
  role: string,
  { traces }: Pick<Config, "traces">,
  { meter, logger }: { readonly meter: Meter; readonly logger: Logger },
): Running & { readonly tracer: Tracer } {
  if (traces === undefined) return { tracer: silentTracer, stop: async () => {} };
  const { url, headers, serviceName, share } = traces;
  const spans = startSpanExport({
    ...{ url, headers, serviceName, role, logger },
    lost: (count) => meter.add("conifer_spans_lost_total", {}, count),
  });
  const nowMs = () => systemClock().getTime();
  return { tracer: makeTracer({ share, nowMs, ended: spans.take }), stop: () => spans.stop() };
}
