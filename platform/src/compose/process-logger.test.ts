import { expect, test } from "vitest";
import { makeProcessLogger } from "./process-logger.ts";

const TIME = new Date("2026-01-02T03:04:05.000Z");

function makeOutput() {
  const written: string[] = [];
  return { written, writableLength: 0, write: (text: string) => written.push(text) };
}

const messages = (written: readonly string[]) =>
  written.map((line) => {
    const { message, lost } = JSON.parse(line) as { message: string; lost?: number };
    return lost === undefined ? message : `${message}: ${lost}`;
  });

test("a line is one JSON object with time, level and role", () => {
  const output = makeOutput();
  const logger = makeProcessLogger("host", "info", { output, now: () => TIME });
  logger.with({ app: "shop" }).warn("memory is short", { bytes: 1 });
  logger.debug("not asked for");
  expect(output.written).toEqual([
    '{"time":"2026-01-02T03:04:05.000Z","level":"warn","role":"host","message":"memory is short","app":"shop","bytes":1}\n',
  ]);
});

test("a reader that does not read costs lines, and is told how many", () => {
  const output = makeOutput();
  const logger = makeProcessLogger("host", "info", { output, waitingBytes: 10 });
  logger.info("first");
  output.writableLength = 11;
  for (let n = 0; n < 7; n += 1) logger.info("lost");
  output.writableLength = 10;
  logger.info("next");
  logger.info("last");
  expect(messages(output.written)).toEqual(["first", "lines of this log were lost: 7", "next", "last"]);
});

test("losses are told at every level, since they are errors", () => {
  const output = makeOutput();
  const logger = makeProcessLogger("host", "error", { output, waitingBytes: 10 });
  output.writableLength = 11;
  logger.error("lost");
  logger.warn("not asked for");
  output.writableLength = 0;
  logger.error("next");
  expect(messages(output.written)).toEqual(["lines of this log were lost: 1", "next"]);
});
