export { startSpanExport } from "./export-spans.ts";
export { makeTracer, silentTracer, type Tracer } from "./tracer.ts";
