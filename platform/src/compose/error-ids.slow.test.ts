import { routes } from "@conifer/contract";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeLogger, systemClock } from "../kernel/index.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

/** Whoever is shown the id of a failure of ours finds one line under it in the log. */

let control: TestControl;
let token: string;
const lines: string[] = [];
const ports = idlePorts();

beforeAll(async () => {
  const write = (line: string) => lines.push(line);
  const logger = makeLogger({ role: "control", level: "debug", now: systemClock, write });
  control = await startTestControl({ ports, workers: true, logger });
  ({ token } = await control.account("owner@example.com"));
  await control.call("POST /apps", { token, body: { name: "first" } });
});
afterAll(() => control.stop());

const ownId = (answer: TestAnswer) => String(answer.headers["request-id"]).split(",")[0] ?? "";
const linesOf = (id: string) => lines.filter((line) => line.includes(id)).map((line) => JSON.parse(line));

test("every answer has one line, a good one and a caller's mistake as well", async () => {
  for (const [route, status] of [
    ["GET /apps/first", 200],
    ["GET /apps/nobody", 404],
    ["GET /nowhere", 404],
    ["GET /apps/%", 400],
  ] as const) {
    const answer = await control.call(route, { token });
    expect([route, answer.status]).toEqual([route, status]);
    const told = linesOf(ownId(answer));
    expect(told.length).toBeLessThanOrEqual(1);
    expect(told.filter(({ level }) => level === "error")).toEqual([]);
  }
});

test("an error of ours is one line: the request's, with what went wrong", async () => {
  const broken = new Error("sand in the works");
  const clearCache = vi.spyOn(ports.builder, "clearCache").mockRejectedValue(broken);
  const answer = await control.call("DELETE /apps/first/build-cache", { token });
  clearCache.mockRestore();
  expect([answer.status, answer.body.id]).toEqual([500, "internal"]);
  expect(answer.body.message).toContain(ownId(answer));
  expect(answer.text).not.toContain("sand");
  expect(linesOf(ownId(answer))).toMatchObject([
    {
      ...{ level: "error", message: "request failed", method: "DELETE", status: 500 },
      ...{ route: "DELETE /apps/{app}/build-cache", error: { message: "sand in the works" } },
    },
  ]);
});

test("with the store away each route's 503 leads to one line", async () => {
  await control.store.stop();
  const failed: string[] = [];
  for (const { method, path, key } of routes) {
    const url = path.replaceAll(/\{[^}]+\}/g, "first");
    const answer = await control.call(`${method} ${url}`, {
      token,
      ...(method === "GET" ? {} : { body: {} }),
    });
    if (answer.status < 500 || answer.status === 501) continue;
    failed.push(key);
    const told = linesOf(ownId(answer));
    expect([key, told.length, told[0]?.level, told[0]?.status]).toEqual([key, 1, "error", answer.status]);
    expect([key, answer.body.message]).toEqual([key, expect.stringContaining(ownId(answer))]);
  }
  await control.store.start();
  expect(failed.length).toBeGreaterThan(60);
});
