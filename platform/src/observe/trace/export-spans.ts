import { errorText, type Logger, pause, type Running } from "../../kernel/index.ts";
import type { EndedSpan, SpanKind } from "./tracer.ts";

export interface SpanExportOptions {
  /** Where spans are posted, as OTLP in JSON. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly role: string;
  readonly logger: Logger;
  /** Told of spans that are lost. */
  readonly lost: (spans: number) => void;
  /** How long spans are gathered. Default 5 s. */
  readonly everyMs?: number;
  /** Spans that may wait. Default 2,048. */
  readonly waiting?: number;
}

export interface SpanExport extends Running {
  take(span: EndedSpan): void;
}

const EVERY_MS = 5_000;
const WAITING = 2_048;
const BATCH = 512;
const ANSWER_MS = 10_000;
const STOP_MS = 2_000;

/**
 * Posts spans to a collector, some at a time. A collector that is away costs spans, which are counted; the log tells the first
 * failure and when it is over. Stopping posts what waits, within two seconds.
 */
export function startSpanExport(options: SpanExportOptions): SpanExport {
  const { everyMs = EVERY_MS, waiting: most = WAITING, logger, lost } = options;
  const stopping = new AbortController();
  let waiting: EndedSpan[] = [];
  let away = false;
  const post = async (spans: readonly EndedSpan[], withinMs: number) => {
    try {
      await postSpans(spans, options, withinMs);
      if (away) logger.info("traces are taken again");
      away = false;
    } catch (thrown) {
      lost(spans.length);
      if (!away) logger.warn("traces are not taken, and are lost for now", { error: errorText(thrown) });
      away = true;
    }
  };
  const postAll = async (withinMs: number) => {
    while (waiting.length > 0) await post(waiting.splice(0, BATCH), withinMs);
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await pause(everyMs, stopping.signal);
      if (!stopping.signal.aborted) await postAll(ANSWER_MS);
    }
  };
  const running = loop();
  return {
    take: (span) => {
      if (waiting.length < most) waiting.push(span);
      else lost(1);
    },
    stop: async () => {
      stopping.abort();
      await Promise.race([running.then(() => postAll(STOP_MS)), pause(STOP_MS)]);
      waiting = [];
    },
  };
}

async function postSpans(
  spans: readonly EndedSpan[],
  { url, headers, serviceName, role }: SpanExportOptions,
  withinMs: number,
): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(asOtlp(spans, { "service.name": serviceName, "conifer.role": role })),
    signal: AbortSignal.timeout(withinMs),
    redirect: "error",
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the collector answered ${answer.status}`);
}

const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2 };
const FAILED = 2;

/** The body of a request, by the JSON mapping of OTLP: ids in hexadecimal, times in nanoseconds as text. */
export function asOtlp(spans: readonly EndedSpan[], resource: Readonly<Record<string, string>>) {
  return {
    resourceSpans: [
      {
        resource: { attributes: asAttributes(resource) },
        scopeSpans: [{ scope: { name: "conifer" }, spans: spans.map(asSpan) }],
      },
    ],
  };
}

function asSpan(span: EndedSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: asNanoseconds(span.startMs),
    endTimeUnixNano: asNanoseconds(span.endMs),
    attributes: asAttributes(span.fields),
    status: span.failed ? { code: FAILED } : {},
  };
}

function asNanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function asAttributes(fields: EndedSpan["fields"]) {
  return Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: asValue(value) }],
  );
}

function asValue(value: string | number | boolean): Readonly<Record<string, string | number | boolean>> {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
