import { expect, test } from "vitest";
import { makeKeptLog } from "./kept-log-fixtures.ts";
import { type LogLevel, logFailure, makeLogger, silentLogger } from "./logger.ts";

function capture(level: LogLevel = "debug") {
  const lines: string[] = [];
  const now = () => new Date("2026-11-21T04:00:00.123Z");
  const logger = makeLogger({ role: "control", level, now, write: (line) => lines.push(line) });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? "null") };
}

test("a line is one JSON object with a constant message and named fields", () => {
  const { logger, lines, last } = capture();
  logger.info("request", { status: 200, path: "two\nlines" });
  expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/);
  expect(last()).toEqual({
    time: "2026-11-21T04:00:00.123Z",
    level: "info",
    role: "control",
    message: "request",
    status: 200,
    path: "two\nlines",
  });
});

test("a scope is on every line, and a field of the line wins over it", () => {
  const { logger, last } = capture();
  const scoped = logger.with({ app: "a", dyno: "web.1" }).with({ dyno: "web.2" });
  scoped.warn("crashed");
  expect(last()).toMatchObject({ level: "warn", app: "a", dyno: "web.2" });
  scoped.warn("crashed", { app: "b" });
  expect(last()).toMatchObject({ app: "b" });
});

test.each([
  ["debug", 4],
  ["info", 3],
  ["warn", 2],
  ["error", 1],
] as const)("at level %s, %i of four levels are written", (level, wanted) => {
  const { logger, lines } = capture(level);
  logger.debug("m");
  logger.info("m");
  logger.warn("m");
  logger.error("m");
  expect(lines).toHaveLength(wanted);
});

test("an error is written with its stack and its causes, and without its other fields", () => {
  const { logger, last } = capture();
  const cause = Object.assign(new Error("below"), { detail: "Key (token)=(secret) exists" });
  logger.error("failed", { error: new Error("above", { cause }) });
  const { error } = last();
  expect(error).toMatchObject({ message: "above", cause: { message: "below" } });
  expect(error.stack).toContain("logger.test.ts");
  expect(JSON.stringify(error)).not.toContain("secret");
});

test("what JSON cannot hold never fails the caller", () => {
  const { logger, last } = capture();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  logger.info("odd", { circle });
  expect(last()).toMatchObject({ message: "odd", fields_left_out: expect.stringContaining("circular") });
  logger.info("big", { count: 12n });
  expect(last()).toMatchObject({ count: "12" });
});

test("a failure of ours has an id, by which its line is found", () => {
  const log = makeKeptLog();
  const id = logFailure(log.logger, "it broke", { build: "b-1", error: new Error("sand") });
  const other = logFailure(log.logger, "it broke", {});
  expect(other).not.toBe(id);
  expect(log.linesWith(id)).toMatchObject([
    { level: "error", message: "it broke", error_id: id, build: "b-1", error: { message: "sand" } },
  ]);
  expect(log.linesOfIdIn(`It failed (error ${id}).`)).toEqual(log.linesWith(id));
  expect(() => log.linesOfIdIn("It failed.")).toThrow("no error id");
});

test("the silent logger is one in every scope", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) silentLogger[level]("m");
  expect(silentLogger.with({ a: 1 })).toBe(silentLogger);
});
