import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { PhaseRunner } from "../drivers/embedded/builds/index.ts";
import { done, silentLogger } from "../kernel/index.ts";
import { makeMeter } from "../observe/metric/index.ts";
import { makeTracer } from "../observe/trace/index.ts";
import type { EndedSpan } from "../observe/trace/tracer.ts";
import { startTraces } from "./start-traces.ts";
import { traceCalls, tracePhases, traceRaw, traceRequests, traceRounds } from "./trace-work.ts";

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

test("the next round goes on with the trace that it was hinted in, and only that one", async () => {
  const { spans, tracer } = makeRig();
  const { reconcile, goOn } = traceRounds(tracer, {
    ...{ name: "builds", concurrency: 1, relistMs: 1, logger: silentLogger },
    list: async () => [],
    reconcile: async () => done,
  });
  const round = (key: string) => reconcile(key, new AbortController().signal);
  goOn("app-1", CALLER.replace("4bf9", "0000"));
  goOn("app-1", CALLER);
  for (const key of ["app-2", "app-1", "app-1"]) await round(key);
  expect(spans.map(({ parentId }) => parentId)).toEqual([undefined, "00f067aa0ba902b7", undefined]);
  expect(spans[1]?.traceId).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
  goOn("app-1", "no place in a trace");
  await tracer.span({ name: "another round" }, () => round("app-1"));
  expect(spans[3]?.parentId).toBeUndefined();
});

test.each([
  ["GET", "/shop.git/info/refs?service=git-receive-pack", "GET /{app}.git/info/refs"],
  ["POST", "/shop.git/git-receive-pack", "POST /{app}.git/git-receive-pack"],
  ["POST", "/shop.git/git-upload-pack", "POST /{app}.git/git-upload-pack"],
  ["PUT", "/source-uploads/u-1?signature=hush", "PUT /source-uploads/{upload}"],
  ["GET", "/shop.git/HEAD", undefined],
  ["GET", "/apps/shop.git", undefined],
  ["GET", "/streams/output?id=hush", undefined],
])("a request that is no route's is a span without what its path holds: %s %s", async (method, url, name) => {
  const { spans, tracer } = makeRig();
  const request = { method, url, headers: { traceparent: CALLER } } as unknown as IncomingMessage;
  const places: (string | undefined)[] = [];
  const handle = traceRaw(tracer, async () => {
    places.push(tracer.traceparent());
    return true;
  });
  expect(await handle(request, {} as ServerResponse)).toBe(true);
  expect(spans.map((span) => span.name)).toEqual(name === undefined ? [] : [name]);
  expect(places[0]?.slice(0, 35)).toBe(name === undefined ? undefined : CALLER.slice(0, 35));
  expect(JSON.stringify(spans)).not.toMatch(/shop|hush|u-1/);
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
