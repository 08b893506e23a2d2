import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";

/** What an operator sees of a platform that runs. */

let journey: Journey;
let app: JourneyApp;

/** What a collector of traces has been sent. */
const received: string[] = [];
const collector = createServer((request, response) => {
  void text(request).then((body) => {
    received.push(body);
    response.end("{}");
  });
});

beforeAll(async () => {
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const { port } = collector.address() as AddressInfo;
  journey = await setOut({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } });
  app = await journey.deployApp("watched", trialApp());
});

afterAll(async () => {
  await journey?.end();
  collector.closeAllConnections();
  collector.close();
});

const metricsToken = () => readFileSync(join(journey.platform.home, "keys", "metrics.token"), "utf8").trim();

async function ask(path: string, token?: string): Promise<{ status: number; text: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`http://127.0.0.1:${journey.platform.apiPort}${path}`, { headers });
  return { status: answer.status, text: (await answer.text()).trim() };
}

/** Which role of the platform is not ready, by its check; empty when all are. */
async function notReady(): Promise<readonly string[]> {
  const answer = await ask("/readyz", metricsToken());
  const { checks } = JSON.parse(answer.text) as { checks: { role: string; name: string; ok: boolean }[] };
  return checks.filter(({ ok }) => !ok).map(({ role, name }) => `${role} ${name}`);
}

describe("health", () => {
  test("the platform lives and is ready, and strangers learn no more", async () => {
    expect(await ask("/healthz")).toEqual({ status: 200, text: '{"alive":true}' });
    expect(await ask("/readyz")).toEqual({ status: 200, text: '{"ready":true}' });
    expect(await ask("/readyz", journey.platform.access.token)).toEqual({
      status: 200,
      text: '{"ready":true}',
    });
  });

  test("with the token every process and check is named", async () => {
    const answer = await ask("/readyz", metricsToken());
    const { checks } = JSON.parse(answer.text) as { checks: { role: string; name: string }[] };
    expect(checks.map(({ role, name }) => `${role} ${name}`)).toEqual([
      ...["control start", "control database", "control disk"],
      ...["host start", "host disk", "router start", "router dynos"],
    ]);
    expect(statSync(join(journey.platform.home, "keys", "metrics.token")).mode & 0o777).toBe(0o600);
  });

  test("an app's own /healthz goes to the app", async () => {
    const page = await app.page("/healthz");
    const root = await app.page("/");
    expect([page.status, page.body]).toEqual([root.status, root.body]);
    expect(page.body).not.toContain("alive");
  });

  test("a process that hangs is named, and the platform is ready again with it", async () => {
    const router = journey.platform.roles().get("router") ?? 0;
    process.kill(router, "SIGSTOP");
    try {
      expect((await ask("/readyz")).status).toBe(503);
      expect(await notReady()).toEqual(["router start"]);
      expect((await ask("/healthz")).status).toBe(200);
    } finally {
      process.kill(router, "SIGCONT");
    }
    await waitUntil("readiness", async () => (await notReady()).length === 0);
    expect(existsSync(join(journey.platform.home, "run", "of-router.sock"))).toBe(true);
  });
});

describe("metrics", () => {
  const scrape = async () => (await ask("/metrics", metricsToken())).text;
  const figureOf = (text: string, series: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1),
    );

  test("are for whoever has the token, and no account's token is one", async () => {
    expect((await ask("/metrics")).status).toBe(401);
    expect((await ask("/metrics", journey.platform.access.token)).status).toBe(401);
    expect((await ask("/metrics", metricsToken())).status).toBe(200);
  });

  test("tell of every process", async () => {
    const told = await scrape();
    for (const role of ["control", "host", "router"]) {
      expect(figureOf(told, `conifer_role_up{role="${role}"}`)).toBe(1);
      expect(figureOf(told, `process_resident_memory_bytes{role="${role}"}`)).toBeGreaterThan(1e6);
      expect(figureOf(told, `process_start_time_seconds{role="${role}"}`)).toBeGreaterThan(1.7e9);
    }
  });

  test("have counted the push: its build, its release, its dyno, and its visitors", async () => {
    const visits = 'conifer_router_requests_total{status="2xx",code="",role="router"}';
    const before = figureOf(await scrape(), visits) || 0;
    await app.page();
    const told = await waitUntil("the visit", async () => {
      const now = await scrape();
      return figureOf(now, visits) > before && now;
    });
    const is = (series: string) => expect([series, figureOf(told, series)]);
    is('conifer_builds_total{kind="buildpacks",result="succeeded",role="control"}').toEqual([
      expect.anything(),
      1,
    ]);
    is('conifer_events_total{kind="build.finished",role="control"}').toEqual([expect.anything(), 1]);
    is('conifer_dynos{state="up",role="control"}').toEqual([expect.anything(), 1]);
    is('conifer_outbox_lag_seconds{reader="log",role="control"}').toEqual([
      expect.anything(),
      expect.any(Number),
    ]);
    for (const series of [
      'conifer_http_requests_total{route="POST /apps",status="2xx",role="control"}',
      'conifer_reconciles_total{reconciler="formation",outcome="done",role="control"}',
      'conifer_router_request_seconds_count{role="router"}',
      'conifer_log_lines_total{role="host"}',
    ])
      expect([series, figureOf(told, series) > 0]).toEqual([series, true]);
  });

  test("name no app, no account and no secret", async () => {
    const told = await scrape();
    const { token, password, email } = journey.platform.access;
    for (const word of [app.name, token, password, email, metricsToken()]) expect(told).not.toContain(word);
  });
});

describe("Conifer's own log", () => {
  const folder = () => join(journey.platform.home, "log");
  const linesOf = (role: string) =>
    readFileSync(join(folder(), `${role}.log`), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("each process has its file, of lines of JSON that name it, for this user only", () => {
    const names = readdirSync(folder()).sort();
    expect(names).toEqual(["control.log", "host.log", "postgres.log", "router.log", "supervisor.log"]);
    for (const name of names) {
      expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
      for (const line of linesOf(name.slice(0, -4))) {
        expect(line).toMatchObject({ time: expect.any(String), level: expect.any(String) });
        expect(line).toMatchObject({ role: name.slice(0, -4), message: expect.any(String) });
      }
    }
  });

  test("a request is found by the id that its answer names", async () => {
    const answer = await journey.api("GET", `/apps/${app.name}`);
    const [id] = String(answer.headers.get("request-id")).split(",");
    const lines = await waitUntil("its line", () => {
      const found = linesOf("control").filter((line) => line.request_id === id);
      return found.length > 0 && found;
    });
    expect(lines).toMatchObject([{ message: "request", route: "GET /apps/{app}", status: 200 }]);
  });

  test("no secret is in it", () => {
    const { token, password } = journey.platform.access;
    const all = readdirSync(folder()).map((name) => readFileSync(join(folder(), name), "utf8"));
    for (const secret of [token, password, metricsToken()]) expect(all.join("")).not.toContain(secret);
  });
});

describe("traces", () => {
  interface Span {
    readonly name: string;
    readonly traceId: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
  }
  interface Posted {
    readonly resourceSpans: readonly {
      readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
    }[];
  }
  const spans = () =>
    received.flatMap((body) =>
      (JSON.parse(body) as Posted).resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap((scope) => scope.spans),
      ),
    );

  test("a push is one trace, over the reconciler that builds it to the host's programs", async () => {
    const path = await waitUntil("the build's spans", () => {
      const all = spans();
      const above = (span: Span | undefined) => all.find(({ spanId }) => spanId === span?.parentSpanId);
      const phase = all.find(({ name }) => name.startsWith("phase "));
      const call = above(phase);
      const round = above(call);
      const push = above(round);
      return push && [push, round, call, phase];
    });
    expect(path.map((span) => span?.name)).toEqual([
      "POST /{app}.git/git-receive-pack",
      "reconcile builds",
      "POST /builds",
      expect.stringMatching(/^phase [a-z]+$/),
    ]);
    expect(new Set(path.map((span) => span?.traceId)).size).toBe(1);
    await waitUntil("the round that starts its dynos", () =>
      spans().some(({ name, traceId }) => name === "reconcile formation" && traceId === path[0]?.traceId),
    );
  });

  test("requests are spans by their routes, and no name or secret is in any", async () => {
    await waitUntil("a request's span", () => spans().some(({ name }) => name === "GET /apps/{app}"));
    const { token, password, email } = journey.platform.access;
    for (const word of [app.name, token, password, email, metricsToken()])
      expect(received.join("")).not.toContain(word);
  });
});
