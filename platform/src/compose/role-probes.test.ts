import { afterEach, beforeEach, expect, test } from "vitest";
import { type RoleProbes, startProbes } from "./role-probes.ts";
import { makeReadiness, type RoleReadiness } from "./role-readiness.ts";

const TOKEN = "the token of this test";
let probes: RoleProbes;
let readiness: RoleReadiness;
beforeEach(async () => {
  readiness = makeReadiness();
  probes = await startProbes(0, { readiness, token: TOKEN.replaceAll(" ", "-") });
});
afterEach(() => probes.stop());

async function ask(path: string, method = "GET", authorization = ""): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${probes.port}${path}`, {
    method,
    headers: { authorization },
  });
  return `${answer.status} ${(await answer.text()).trim()}`;
}

test("a role lives from the start, and is ready between entering and leaving", async () => {
  const state = async () => [await ask("/livez"), await ask("/readyz/start"), await ask("/readyz?verbose")];
  const not = '503 {"ready":false}';
  expect(await state()).toEqual(['200 {"alive":true}', not, not]);
  readiness.enter();
  expect(await state()).toEqual(['200 {"alive":true}', '200 {"ready":true}', '200 {"ready":true}']);
  readiness.leave();
  expect(await state()).toEqual(['200 {"alive":true}', not, not]);
  expect(await ask("/healthz")).toBe('200 {"alive":true}');
});

test("what a role needs keeps it from being ready, and not from having started", async () => {
  readiness.enter([{ name: "database", look: async () => "It is away." }]);
  expect(await ask("/readyz")).toBe('503 {"ready":false}');
  expect(await ask("/readyz/start")).toBe('200 {"ready":true}');
});

test("why it is not ready is for those who carry the token", async () => {
  readiness.enter([{ name: "database", look: async () => "It is away." }]);
  const told = JSON.stringify({
    ready: false,
    checks: [
      { name: "start", ok: true },
      { name: "database", ok: false, why: "It is away." },
    ],
  });
  expect(await ask("/readyz", "GET", `Bearer ${TOKEN.replaceAll(" ", "-")}`)).toBe(`503 ${told}`);
  expect(await ask("/readyz", "GET", "Bearer another")).toBe('503 {"ready":false}');
});

test("metrics are for those who carry the token, and there are none where nobody counts", async () => {
  expect(await ask("/metrics")).toBe('404 {"id":"not_found"}');
  const token = "m".repeat(16);
  const served = await startProbes(0, { readiness, token, metrics: async () => "conifer_dynos 1\n" });
  const closed = await startProbes(0, { readiness, token: undefined, metrics: async () => "never" });
  const at = async (port: number, authorization: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } });
    return [answer.status, await answer.text()];
  };
  expect(await at(served.port, `Bearer ${token}`)).toEqual([200, "conifer_dynos 1\n"]);
  expect(await at(served.port, "Bearer other")).toEqual([401, expect.stringContaining("metrics token")]);
  expect(await at(closed.port, "Bearer undefined")).toEqual([
    401,
    expect.stringContaining("CONIFER_METRICS_TOKEN"),
  ]);
  await Promise.all([served.stop(), closed.stop()]);
});

test.each(["/", "/livez/", "/readyz/x", "/healthzz"])("nothing else is told: %s", async (path) => {
  expect(await ask(path)).toBe('404 {"id":"not_found"}');
});

test("it is read only", async () => {
  expect((await ask("/readyz", "HEAD")).trim()).toBe("503");
  expect(await ask("/livez", "POST")).toBe('404 {"id":"not_found"}');
});

test("a port that is taken is a failure to start", async () => {
  const again = startProbes(probes.port, { readiness, token: undefined });
  await expect(again).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("nobody answers after the end", async () => {
  await probes.stop();
  await expect(ask("/livez")).rejects.toThrow();
  probes = await startProbes(0, { readiness, token: undefined });
});
