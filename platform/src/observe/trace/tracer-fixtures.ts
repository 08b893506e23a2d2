import { type EndedSpan, makeTracer, type Tracer } from "./tracer.ts";

/** A span that has ended, and whose it is. */
export interface KeptSpan extends EndedSpan {
  readonly role: string;
}

/** What several processes have told of one another's work. */
export interface KeptTraces {
  readonly spans: readonly KeptSpan[];
  /** The tracer of a process, which keeps every span that it has ended. */
  tracerOf(role: string): Tracer;
  /** The span and those above it, from the top, each as `<role>: <name>`. */
  pathOf(span: KeptSpan): readonly string[];
}

export function makeKeptTraces(): KeptTraces {
  const spans: KeptSpan[] = [];
  const above = (span: KeptSpan) =>
    spans.find(({ traceId, spanId }) => traceId === span.traceId && spanId === span.parentId);
  const pathOf = (span: KeptSpan): readonly string[] => {
    const parent = above(span);
    return [...(parent ? pathOf(parent) : []), `${span.role}: ${span.name}`];
  };
  return {
    spans,
    pathOf,
    tracerOf: (role) =>
      makeTracer({ share: 1, nowMs: () => 0, ended: (span) => spans.push({ ...span, role }) }),
  };
}
