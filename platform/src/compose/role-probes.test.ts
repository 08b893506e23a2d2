import { afterEach, beforeEach, expect, test } from "vitest";
import { type RoleProbes, startProbes } from "./role-probes.ts";

let probes: RoleProbes;
beforeEach(async () => {
  probes = await startProbes(0);
});
afterEach(() => probes.stop());

async function ask(path: string, method = "GET", host = "127.0.0.1"): Promise<string> {
  const answer = await fetch(`http://${host}:${probes.port}${path}`, { method });
  return `${answer.status} ${(await answer.text()).trim()}`;
}

test("a role lives from the start, and is ready between entering and leaving", async () => {
  expect([await ask("/livez"), await ask("/readyz")]).toEqual(["200 ok", "503 not ready"]);
  probes.enter();
  expect([await ask("/livez"), await ask("/readyz?verbose")]).toEqual(["200 ok", "200 ok"]);
  probes.leave();
  expect([await ask("/livez"), await ask("/readyz")]).toEqual(["200 ok", "503 not ready"]);
});

test.each(["/", "/livez/", "/metrics", "/readyz/x"])("nothing else is told: %s", async (path) => {
  expect(await ask(path)).toBe("404 unknown");
});

test("a port that is taken is a failure to start", async () => {
  await expect(startProbes(probes.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("nobody answers after the end", async () => {
  await probes.stop();
  await expect(ask("/livez")).rejects.toThrow();
  probes = await startProbes(0);
});
