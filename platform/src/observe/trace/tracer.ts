import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { formatTraceparent, isSampled, parseTraceparent, type TracePlace } from "./trace-context.ts";

export type SpanFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that took time, when it has ended. */
export interface EndedSpan extends TracePlace {
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly fields: SpanFields;
  readonly failed: boolean;
}

export type SpanKind = "internal" | "server";

export interface SpanOptions {
  readonly name: string;
  /** Default: internal. */
  readonly kind?: SpanKind;
  readonly fields?: SpanFields;
  /** The header of whoever asked, where it came from another process. Default: the span around this one. */
  readonly traceparent?: string | undefined;
  /** Without a header a trace begins here: what runs around it is not what it is done for. Default: false. */
  readonly apart?: boolean;
}

/** A span that is under way. */
export interface Span {
  /** Adds to what is told of it. Never a secret, never a text of a user's. */
  set(fields: SpanFields): void;
}

/** Tells what takes how long. */
export interface Tracer {
  /** Does the work as a span; what it calls meanwhile is below it. What it throws goes on, and the span has failed. */
  span<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** For calls to other processes: the header `traceparent` of the span that this runs in. */
  traceparent(): string | undefined;
}

export interface TracerOptions {
  /** The share of traces that begin here and are kept, from 0 to 1. */
  readonly share: number;
  readonly ended: (span: EndedSpan) => void;
  readonly nowMs: () => number;
}

/** Makes the spans of a process. Nothing here throws by itself. */
export function makeTracer({ share, ended, nowMs }: TracerOptions): Tracer {
  const around = new AsyncLocalStorage<TracePlace>();
  return {
    traceparent: () => {
      const place = around.getStore();
      return place && formatTraceparent(place);
    },
    span: async ({ name, kind = "internal", fields: given = {}, traceparent, apart = false }, work) => {
      const parent = parseTraceparent(traceparent) ?? (apart ? undefined : around.getStore());
      const traceId = parent?.traceId ?? randomBytes(16).toString("hex");
      const sampled = parent?.sampled ?? isSampled(traceId, share);
      const place = { traceId, spanId: randomBytes(8).toString("hex"), sampled };
      let fields = given;
      let failed = true;
      const startMs = nowMs();
      const span: Span = {
        set: (more) => {
          fields = { ...fields, ...more };
        },
      };
      try {
        const result = await around.run(place, () => work(span));
        failed = false;
        return result;
      } finally {
        const times = { startMs, endMs: Math.max(nowMs(), startMs) };
        if (sampled) ended({ ...place, ...times, parentId: parent?.spanId, name, kind, fields, failed });
      }
    },
  };
}

const NO_SPAN: Span = { set: () => {} };

/** Where nobody wants traces: does the work and nothing else. */
export const silentTracer: Tracer = {
  span: (_options, work) => work(NO_SPAN),
  traceparent: () => undefined,
};
