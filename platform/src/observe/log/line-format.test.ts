import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../kernel/index.ts";
import { formatLine, formatLines, logTime, parseLine, safeProcess } from "./line-format.ts";
import { splitMessage } from "./split-message.ts";

const someTime = fc.date({
  min: new Date(0),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});
const someLine: fc.Arbitrary<LogLine> = fc.record({
  appId: fc.constant("a"),
  time: someTime,
  source: fc.constantFrom("app" as const, "heroku" as const),
  process: fc.string().map(safeProcess),
  message: fc.string({ unit: "binary" }).map((text) => splitMessage(text)[0] ?? ""),
});

describe("the form of a line", () => {
  it("is the one of heroku logs", () => {
    const time = new Date("2026-01-02T03:04:05.678Z");
    expect(formatLine({ time, source: "app", process: "web.1", message: "hello" })).toBe(
      "2026-01-02T03:04:05.678000+00:00 app[web.1]: hello",
    );
  });

  it("is read back as it was", () => {
    fc.assert(
      fc.property(someLine, (line) => {
        expect(parseLine(formatLine(line), "a")).toEqual(line);
      }),
    );
  });

  it("is the same for many lines at once", () => {
    fc.assert(
      fc.property(fc.array(someLine), (lines) => {
        expect(formatLines(lines)).toBe(lines.map((line) => `${formatLine(line)}\n`).join(""));
      }),
    );
  });

  it.each([
    ["no line", "hello"],
    ["another source", "2026-01-02T03:04:05.678000+00:00 other[web.1]: hello"],
    ["no process", "2026-01-02T03:04:05.678000+00:00 app: hello"],
    ["another zone", "2026-01-02T03:04:05.678000+01:00 app[web.1]: hello"],
  ])("refuses %s", (_, text) => {
    expect(parseLine(text, "a")).toBeUndefined();
  });

  it.each([
    [new Date(Number.NaN), "1970-01-01T00:00:00.000000+00:00"],
    [new Date(-1), "1970-01-01T00:00:00.000000+00:00"],
    [new Date(8.64e15), "9999-12-31T23:59:59.999000+00:00"],
  ])("has four digits of year whatever the clock says (%s)", (time, text) => {
    expect(logTime(time)).toBe(text);
  });
});

describe("process names", () => {
  it.each([
    ["web.1", "web.1"],
    ["release.1234", "release.1234"],
    ["we]b\n1", "we_b_1"],
    ["", "unknown"],
    ["x".repeat(100), "x".repeat(64)],
  ])("%j becomes %j", (given, safe) => {
    expect(safeProcess(given)).toBe(safe);
  });
});
