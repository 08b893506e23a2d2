import { describe, expect, test } from "vitest";
import type { Builder, BuildNews, BuildSpec } from "../delivery/build/index.ts";
import { done, type Outcome, silentLogger, waiting } from "../kernel/index.ts";
import { makeMeter, metricsText } from "../observe/metric/index.ts";
import { countConnections, countFreed, countLines, countRequests, statusClass } from "./control-metrics.ts";
import { measureBuilds, measureRounds } from "./worker-metrics.ts";

async function told(meter: ReturnType<typeof makeMeter>, name: string): Promise<string[]> {
  const text = await metricsText(await meter.told());
  return text.split("\n").filter((line) => line.startsWith(`${name}{`));
}

test("rounds are counted by how they ended, under a name that is a word", async () => {
  const meter = makeMeter("worker");
  const ends: (() => Outcome)[] = [
    () => done,
    () => waiting("claimed", "Another process does this.", 1),
    () => {
      throw new Error("the store is away");
    },
    () => done,
  ];
  const measured = measureRounds(meter, {
    ...{ name: "rebase passes", concurrency: 1, relistMs: 1_000, logger: silentLogger },
    list: async () => [],
    reconcile: async () => ends.shift()?.() ?? done,
  });
  const signal = new AbortController().signal;
  for (const _ of [1, 2]) await measured.reconcile("a", signal);
  await expect(measured.reconcile("a", signal)).rejects.toThrow("away");
  await measured.reconcile("a", signal);
  measured.began?.(0.5);
  const labels = 'reconciler="rebase_passes"';
  expect(await told(meter, "conifer_reconciles_total")).toEqual([
    `conifer_reconciles_total{${labels},outcome="done",role="worker"} 2`,
    `conifer_reconciles_total{${labels},outcome="waiting",role="worker"} 1`,
    `conifer_reconciles_total{${labels},outcome="failed",role="worker"} 1`,
  ]);
  expect(await told(meter, "conifer_reconcile_seconds_count")).toEqual([
    `conifer_reconcile_seconds_count{${labels},role="worker"} 4`,
  ]);
  expect(await told(meter, "conifer_reconcile_lag_seconds_count")).toHaveLength(1);
});

describe("builds", () => {
  const LOST: BuildNews = { kind: "result", result: { kind: "lost", message: "gone" } };
  const scripted = (news: readonly BuildNews[]): Builder => ({
    async *build() {
      yield* news;
    },
    cancel: async () => {},
    clearCache: async () => {},
  });
  const run = async (builder: Builder, stack: string) => {
    const seen: BuildNews[] = [];
    const spec = { stack } as unknown as BuildSpec;
    for await (const news of builder.build(spec, new AbortController().signal)) seen.push(news);
    return seen;
  };

  test("are counted by kind and result, and told on as they are", async () => {
    const meter = makeMeter("worker");
    const news: BuildNews[] = [{ kind: "output", text: "x" }, LOST];
    expect(await run(measureBuilds(scripted(news), meter), "cnb")).toEqual(news);
    await run(measureBuilds(scripted([LOST]), meter), "container");
    expect(await told(meter, "conifer_builds_total")).toEqual([
      'conifer_builds_total{kind="buildpacks",result="lost",role="worker"} 1',
      'conifer_builds_total{kind="container",result="lost",role="worker"} 1',
    ]);
  });

  test("that nobody listens to any more are not", async () => {
    const meter = makeMeter("worker");
    await run(measureBuilds(scripted([{ kind: "output", text: "x" }]), meter), "cnb");
    expect(await told(meter, "conifer_builds_total")).toEqual([]);
  });
});

test.each([
  [200, "2xx"],
  [101, "1xx"],
  [599, "5xx"],
  [0, "other"],
  [600, "other"],
])("status %i is of class %s", (status, expected) => {
  expect(statusClass(status)).toBe(expected);
});

test("requests are counted by route, and those of none together", async () => {
  const meter = makeMeter("api");
  const count = countRequests(meter);
  count("GET /apps/{app}", 200, 0.01);
  count("GET /apps/{app}", 404, 0.01);
  count(undefined, 404, 0.01);
  expect(await told(meter, "conifer_http_requests_total")).toEqual([
    'conifer_http_requests_total{route="GET /apps/{app}",status="2xx",role="api"} 1',
    'conifer_http_requests_total{route="GET /apps/{app}",status="4xx",role="api"} 1',
    'conifer_http_requests_total{route="other",status="4xx",role="api"} 1',
  ]);
});

test("connections, lines and freed bytes are told", async () => {
  const meter = makeMeter("host");
  countConnections(meter, { connections: () => ({ busy: 1, idle: 2, waiting: 3 }) });
  const lines = countLines(meter);
  lines.taken(10);
  lines.lost("flood", 4);
  lines.lost("disk", 5);
  countFreed(meter)({ freedBytes: 1_000 });
  expect(await told(meter, "conifer_database_connections")).toEqual([
    'conifer_database_connections{state="busy",role="host"} 1',
    'conifer_database_connections{state="idle",role="host"} 2',
    'conifer_database_connections{state="waiting",role="host"} 3',
  ]);
  expect(await told(meter, "conifer_log_lines_total")).toEqual(['conifer_log_lines_total{role="host"} 10']);
  expect(await told(meter, "conifer_log_lines_lost_total")).toEqual([
    'conifer_log_lines_lost_total{cause="flood",role="host"} 4',
    'conifer_log_lines_lost_total{cause="disk",role="host"} 5',
  ]);
  expect(await told(meter, "conifer_images_freed_bytes_total")).toHaveLength(1);
});
