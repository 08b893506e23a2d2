import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeKeptLog } from "../../kernel/kept-log-fixtures.ts";
import { asOtlp, type SpanExport, startSpanExport } from "./export-spans.ts";
import type { EndedSpan } from "./tracer.ts";

let server: Server;
let url: string;
let status: number;
let bodies: ReturnType<typeof asOtlp>[];
let headers: IncomingHttpHeaders;
let lost: number;
let spans: SpanExport | undefined;
const log = makeKeptLog();

beforeEach(async () => {
  [status, bodies, lost] = [200, [], 0];
  server = createServer((request, response) => {
    headers = request.headers;
    void json(request).then((body) => {
      bodies.push(body as ReturnType<typeof asOtlp>);
      response.writeHead(status).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
});
afterEach(async () => {
  await spans?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function start(options: { everyMs?: number; waiting?: number; url?: string } = {}): SpanExport {
  spans = startSpanExport({
    ...{ url, serviceName: "conifer", role: "control", logger: log.logger, everyMs: 5, ...options },
    headers: { "x-tenant": "ours" },
    lost: (count) => {
      lost += count;
    },
  });
  return spans;
}

const span = (name: string): EndedSpan => ({
  ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true, parentId: "c".repeat(16) },
  ...{ name, kind: "server", startMs: 1_700_000_000_000.5, endMs: 1_700_000_000_250, failed: true },
  fields: { text: "x", whole: 3, half: 0.5, yes: true, none: undefined },
});
const names = () =>
  bodies.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap((scope) => scope.spans.map(({ name }) => name)),
    ),
  );

test("spans are told as OTLP wants them in JSON", () => {
  expect(asOtlp([span("work")], { "service.name": "conifer" })).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "conifer" } }] },
        scopeSpans: [
          {
            scope: { name: "conifer" },
            spans: [
              {
                ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), parentSpanId: "c".repeat(16) },
                ...{ name: "work", kind: 2, status: { code: 2 } },
                startTimeUnixNano: "1700000000000500000",
                endTimeUnixNano: "1700000000250000000",
                attributes: [
                  { key: "text", value: { stringValue: "x" } },
                  { key: "whole", value: { intValue: "3" } },
                  { key: "half", value: { doubleValue: 0.5 } },
                  { key: "yes", value: { boolValue: true } },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
});

test("they are posted with the operator's headers, some at a time, and the rest at the end", async () => {
  const exporting = start();
  exporting.take(span("a"));
  await vi.waitFor(() => expect(names()).toEqual(["a"]));
  expect([headers["content-type"], headers["x-tenant"]]).toEqual(["application/json", "ours"]);
  await exporting.stop();
  const last = start({ everyMs: 60_000 });
  for (let n = 0; n < 600; n += 1) last.take(span(`b${n}`));
  await last.stop();
  expect([names().length, bodies.length, lost]).toEqual([601, 3, 0]);
});

test("a collector that fails or is away costs spans, which are counted, and is told of once", async () => {
  const exporting = start();
  status = 503;
  for (const name of ["a", "b"]) {
    const before = lost;
    exporting.take(span(name));
    await vi.waitFor(() => expect(lost).toBe(before + 1));
  }
  expect(log.linesWith("are lost for now")).toMatchObject([
    { level: "warn", error: "the collector answered 503" },
  ]);
  status = 200;
  exporting.take(span("c"));
  await vi.waitFor(() => expect(log.linesWith("are taken again")).toHaveLength(1));
  expect(lost).toBe(2);
});

test("where nobody listens nothing waits for it", async () => {
  const exporting = start({ url: "http://127.0.0.1:1/v1/traces" });
  exporting.take(span("a"));
  await vi.waitFor(() => expect(lost).toBe(1));
});

test("more than may wait is lost at once", async () => {
  const exporting = start({ everyMs: 60_000, waiting: 3 });
  for (const name of ["a", "b", "c", "d", "e"]) exporting.take(span(name));
  expect(lost).toBe(2);
  await exporting.stop();
  expect(names()).toEqual(["a", "b", "c"]);
});
