import { describe, expect, test } from "vitest";
import { joinMetrics, metricsText } from "./join-metrics.ts";
import { makeMeter, silentMeter } from "./meter.ts";

const linesOf = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(name));

describe("a meter", () => {
  test("counts by labels, with the role on each", async () => {
    const meter = makeMeter("control");
    meter.add("conifer_builds_total", { kind: "container", result: "failed" });
    meter.add("conifer_builds_total", { kind: "container", result: "failed" });
    meter.add("conifer_builds_total", { kind: "buildpacks", result: "succeeded" }, 5);
    expect(linesOf(await metricsText(await meter.told()), "conifer_builds_total{")).toEqual([
      'conifer_builds_total{kind="container",result="failed",role="control"} 2',
      'conifer_builds_total{kind="buildpacks",result="succeeded",role="control"} 5',
    ]);
  });

  test("puts times into buckets", async () => {
    const meter = makeMeter("control");
    for (const seconds of [0.5, 3, 10_000]) meter.observe("conifer_build_seconds", { kind: "x" }, seconds);
    const lines = linesOf(await metricsText(await meter.told()), "conifer_build_seconds");
    expect(lines).toContain('conifer_build_seconds_bucket{le="1",kind="x",role="control"} 1');
    expect(lines).toContain('conifer_build_seconds_bucket{le="5",kind="x",role="control"} 2');
    expect(lines).toContain('conifer_build_seconds_bucket{le="+Inf",kind="x",role="control"} 3');
    expect(lines).toContain('conifer_build_seconds_count{kind="x",role="control"} 3');
  });

  test("asks for gauges at each scrape; one that cannot be told is left out, and the others stay", async () => {
    const meter = makeMeter("host");
    let up = 1;
    let away = false;
    meter.gauge("conifer_dynos", () => [{ labels: { state: "up" }, value: up }]);
    meter.gauge("conifer_apps_with_builds", async () => {
      if (away) throw new Error("the store is away");
      return [{ labels: {}, value: 7 }];
    });
    const lines = async () => {
      const text = await metricsText(await meter.told());
      return [...linesOf(text, "conifer_dynos{"), ...linesOf(text, "conifer_apps_with_builds{")];
    };
    expect(await lines()).toEqual([
      'conifer_dynos{state="up",role="host"} 1',
      'conifer_apps_with_builds{role="host"} 7',
    ]);
    [up, away] = [3, true];
    expect(await lines()).toEqual(['conifer_dynos{state="up",role="host"} 3']);
  });

  test("takes over what counts by itself, as often as it is scraped", async () => {
    const meter = makeMeter("router");
    let count = 2;
    meter.counter("conifer_router_requests_total", () => [
      { labels: { status: "5xx", code: "H12" }, value: count },
    ]);
    const buckets = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    meter.histogram("conifer_router_request_seconds", () => ({ buckets, count: 4, sum: 60.5 }));
    await meter.told();
    count = 3;
    const text = await metricsText(await meter.told());
    expect(linesOf(text, "conifer_router_requests_total{")).toEqual([
      'conifer_router_requests_total{status="5xx",code="H12",role="router"} 3',
    ]);
    const times = linesOf(text, "conifer_router_request_seconds");
    expect(times.slice(0, 4)).toEqual([
      'conifer_router_request_seconds_bucket{le="0.005",role="router"} 1',
      'conifer_router_request_seconds_bucket{le="0.01",role="router"} 1',
      'conifer_router_request_seconds_bucket{le="0.025",role="router"} 3',
      'conifer_router_request_seconds_bucket{le="0.05",role="router"} 3',
    ]);
    expect(times.slice(-3)).toEqual([
      'conifer_router_request_seconds_bucket{le="+Inf",role="router"} 4',
      'conifer_router_request_seconds_sum{role="router"} 60.5',
      'conifer_router_request_seconds_count{role="router"} 4',
    ]);
  });

  test("tells of its process: time, memory, the event loop, and what is open", async () => {
    const text = await metricsText(await makeMeter("host").told());
    for (const name of [
      ...["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"],
      ...["nodejs_eventloop_lag_seconds", "nodejs_active_resources_total", "process_open_fds"],
    ])
      expect(linesOf(text, `${name}{role="host"}`)).toHaveLength(1);
  });

  test("that nobody reads takes everything", () => {
    silentMeter.add("conifer_log_lines_total", {}, 1);
    silentMeter.observe("conifer_build_seconds", { kind: "x" }, 1);
    silentMeter.gauge("conifer_dynos", () => []);
    silentMeter.counter("conifer_router_requests_total", () => []);
    silentMeter.histogram("conifer_router_request_seconds", () => ({ buckets: [], count: 0, sum: 0 }));
  });
});

test("several roles make one text: each metric once, each role a label, and whoever is silent is down", async () => {
  const [control, host] = [makeMeter("control"), makeMeter("host")];
  control.add("conifer_log_lines_total", {}, 1);
  host.add("conifer_log_lines_total", {}, 2);
  const overSocket = JSON.parse(JSON.stringify(await host.told()));
  const text = await joinMetrics(
    new Map([
      ["control", await control.told()],
      ["host", overSocket],
      ["router", undefined],
    ]),
  );
  expect(linesOf(text, "# TYPE conifer_log_lines_total")).toHaveLength(1);
  expect(linesOf(text, "conifer_log_lines_total{")).toEqual([
    'conifer_log_lines_total{role="control"} 1',
    'conifer_log_lines_total{role="host"} 2',
  ]);
  expect(linesOf(text, "conifer_role_up{")).toEqual([
    'conifer_role_up{role="control"} 1',
    'conifer_role_up{role="host"} 1',
    'conifer_role_up{role="router"} 0',
  ]);
});
