import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CriEntry, fileNameOf, HEAD_BYTES, makeCriReader } from "./cri-entries.ts";

function readAll(text: string | Buffer) {
  const entries: CriEntry[] = [];
  const end = makeCriReader().read(Buffer.from(text), (entry) => entries.push(entry));
  return {
    end,
    entries: entries.map(({ ms, pipe, isPartial, content }) => [ms, pipe, isPartial, content.toString()]),
  };
}

const AT = Date.UTC(2026, 10, 21, 10, 45, 0);

describe("an entry", () => {
  test.each([
    ["2026-11-21T10:45:00.123456789Z stdout F hello", [AT + 123, "stdout", false, "hello"]],
    ["2026-11-21T10:45:00Z stderr P half a", [AT, "stderr", true, "half a"]],
    ["2026-11-21T10:45:00.5Z stdout F ", [AT + 500, "stdout", false, ""]],
    ["2026-11-21T10:45:00.05Z stdout F", [AT + 50, "stdout", false, ""]],
    ["2026-11-21T12:45:00.000000001+02:00 stdout F x", [AT, "stdout", false, "x"]],
    ["2026-11-21T10:45:00.1Z stdout F:more:tags x y", [AT + 100, "stdout", false, "x y"]],
    ["2026-11-21T10:45:00.1Z stdout F  two spaces ", [AT + 100, "stdout", false, " two spaces "]],
    ["2026-11-21T10:45:00.1Z stdout F with\rreturn\0", [AT + 100, "stdout", false, "with\rreturn\0"]],
  ])("%j is read", (line, wanted) => {
    expect(readAll(`${line}\n`)).toEqual({ end: line.length + 1, entries: [wanted] });
  });

  test.each([
    "",
    " ",
    "no entry at all",
    "2026-11-21T10:45:00Z",
    "2026-11-21T10:45:00Z stdin F x",
    "2026-11-21T10:45:00Z stdout X x",
    "2026-11-21 stdout F x",
    "\0\0\0\0",
  ])("%j is none, and is told as it is", (line) => {
    const { entries } = readAll(`2026-11-21T10:45:00.7Z stdout F before\n${line}\n`);
    expect(entries[1]).toEqual([AT + 700, "stdout", false, line]);
  });

  test("is read when it has come to its end, not before", () => {
    expect(readAll("2026-11-21T10:45:00Z stdout F one\n2026-11-21T10:45:00Z stdout F tw")).toMatchObject({
      end: 34,
      entries: [[AT, "stdout", false, "one"]],
    });
  });

  test("knows its own time, whatever the one before it was", () => {
    const times = ["00.9Z", "01Z", "01.25Z", "00.1Z", "00.1+00:00", "59.999999999Z", "00Z"];
    const text = times.map((time) => `2026-11-21T10:45:${time} stdout F x\n`).join("");
    expect(readAll(text).entries.map(([ms]) => Number(ms) - AT)).toEqual([
      900, 1_000, 1_250, 100, 100, 59_999, 0,
    ]);
  });
});

test("whatever is read, nothing of it is lost and reading can be cut between any two entries", () => {
  const content = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", " "));
  const entry = fc.record({
    ms: fc.integer({ min: AT, max: AT + 5_000 }),
    pipe: fc.constantFrom("stdout", "stderr"),
    isPartial: fc.boolean(),
    content,
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(), (entries, at) => {
      const lines = entries.map(
        (each) =>
          `${new Date(each.ms).toISOString()} ${each.pipe} ${each.isPartial ? "P" : "F"} ${each.content}\n`,
      );
      const wanted = entries.map((each) => [each.ms, each.pipe, each.isPartial, each.content]);
      const cut = at % (lines.length + 1);
      const parts = [lines.slice(0, cut), lines.slice(cut)].flatMap((part) => readAll(part.join("")).entries);
      expect(parts).toEqual(wanted);
      expect(readAll(lines.join("")).end).toBe(Buffer.byteLength(lines.join("")));
    }),
  );
});

describe("a file's name", () => {
  test("is the time of its first entry", () => {
    expect(fileNameOf(Buffer.from("2026-11-21T10:45:00.123456789Z stdout F x"))).toBe(
      "2026-11-21T10:45:00.123456789Z",
    );
  });
  test("is not known before that was written", () => {
    for (const head of ["", "2026-11-21T10:4", "2026-11-21T10:45:00.123456789Z"])
      expect(fileNameOf(Buffer.from(head))).toBeUndefined();
  });
  test("is something else for what holds no entries", () => {
    expect(fileNameOf(Buffer.alloc(HEAD_BYTES))).toBe("00".repeat(HEAD_BYTES));
  });
});
