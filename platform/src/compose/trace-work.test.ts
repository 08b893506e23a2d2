import { expect, test } from "vitest";
import type { PhaseRunner } from "../drivers/embedded/builds/index.ts";
import { done, silentLogger } from "../kernel/index.ts";
import { makeMeter } from "../observe/metric/index.ts";
import { makeTracer } from "../observe/trace/index.ts";
import type { EndedSpan } from "../observe/trace/tracer.ts";
import { startTraces } from "./start-traces.ts";
import { traceCalls, tracePhases, traceRequests, traceRounds } from "./trace-work.ts";

const CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function makeRig() {
  const spans: EndedSpan[] = [];
  const tracer = makeTracer({ share: 1, nowMs: () => 0, ended: (span) => spans.push(span) });
  return { spans, tracer };
}

test("a request and a call go on with their callers' traces, by routes and not by paths", async () => {
  const { spans, tracer } = makeRig();
  const call = { route: "GET /apps/{app}", requestId: "r-1", traceparent: CALLER };
  await traceRequests(tracer)(call, async () => {});
  await traceCalls(tracer)({ route: "POST /builds", traceparent: CALLER }, async () => {});
  expect(spans).toMatchObject([
    {
      ...{ name: "GET /apps/{app}", kind: "server", parentId: "00f067aa0ba902b7" },
      fields: { "http.route": "GET /apps/{app}", "conifer.request_id": "r-1" },
    },
    { name: "POST /builds", kind: "server", parentId: "00f067aa0ba902b7" },
  ]);
});

test("a reconciler's round is a span with its outcome", async () => {
  const { spans, tracer } = makeRig();
  const { reconcile } = traceRounds(tracer, {
    ...{ name: "builds", concurrency: 1, relistMs: 1, logger: silentLogger },
    list: async () => [],
    reconcile: async () => done,
  });
  await reconcile("app-1", new AbortController().signal);
  expect(spans).toMatchObject([
    { name: "reconcile builds", fields: { "conifer.key": "app-1", "conifer.outcome": "done" } },
  ]);
});

test.each([
  [["/cnb/lifecycle/creator", "-app=/workspace", "canary"], "phase creator"],
  [["/usr/bin/node", "--flag", "/cnb/lifecycle/creator.mjs", "canary"], "phase creator"],
  [["buildah", "build", "--build-arg=canary"], "phase buildah"],
])("a phase is named by its program alone: %j", async (argv, name) => {
  const { spans, tracer } = makeRig();
  const runner = { run: async () => ({ kind: "exited", status: 0 }) } as unknown as PhaseRunner;
  const job = { argv, env: { SECRET: "canary" } } as unknown as Parameters<PhaseRunner["run"]>[0];
  await tracePhases(tracer, runner).run(job, new AbortController().signal);
  expect(spans.map((span) => span.name)).toEqual([name]);
  expect(JSON.stringify(spans)).not.toContain("canary");
});

test("without a place for traces there is no tracer that does anything", async () => {
  const { tracer, stop } = startTraces(
    "host",
    { traces: undefined },
    { meter: makeMeter("host"), logger: silentLogger },
  );
  await tracer.span({ name: "work" }, async () => expect(tracer.traceparent()).toBeUndefined());
  await stop();
});
