import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamPiece } from "../../../observe/log/index.ts";
import { makeStreamMarks } from "./stream-marks.ts";

function piece(file: string, from: number, to: number, stream = "u1/0"): StreamPiece {
  return { stream, appId: "a1", file, from, to, lines: [] };
}

/** Which of the pieces are taken, and where the stream stands after each. */
function takeAll(...pieces: StreamPiece[]) {
  const marks = makeStreamMarks();
  return pieces.map((each) => {
    let taken = false;
    const { offset } = marks.place(each, () => {
      taken = true;
    });
    return [taken, offset];
  });
}

describe("a piece", () => {
  test.each<[string, StreamPiece[], [boolean, number]]>([
    ["is taken if the stream is new, wherever it begins", [piece("f", 70, 90)], [true, 90]],
    ["is taken if it follows", [piece("f", 0, 10), piece("f", 10, 20)], [true, 20]],
    ["is not taken twice", [piece("f", 0, 10), piece("f", 0, 10)], [false, 10]],
    ["is not taken if it overlaps", [piece("f", 0, 10), piece("f", 5, 20)], [false, 10]],
    ["is not taken if something is missing before it", [piece("f", 0, 10), piece("f", 15, 20)], [false, 10]],
    ["is taken if it begins the next file", [piece("f", 0, 10), piece("g", 0, 5)], [true, 5]],
    ["is not taken if the next file's begin is missing", [piece("f", 0, 10), piece("g", 3, 5)], [false, 0]],
    ["of an earlier file is known", [piece("f", 0, 10), piece("g", 0, 5), piece("f", 0, 10)], [false, 10]],
    ["of another stream is another", [piece("f", 0, 10), piece("f", 0, 10, "u2/0")], [true, 10]],
    ["may be empty", [piece("f", 0, 10), piece("f", 10, 10)], [true, 10]],
  ])("%s", (_what, pieces, wanted) => {
    expect(takeAll(...pieces).at(-1)).toEqual(wanted);
  });
});

test("what has changed is told once, and again when it could not be written", () => {
  const marks = makeStreamMarks();
  expect(marks.changed().text).toBeUndefined();
  marks.place(piece("f", 0, 10), () => {});
  expect(marks.isDirty()).toBe(true);
  const first = marks.changed();
  expect([first.text, marks.isDirty()]).toEqual(['[["u1/0",[["f",10]]]]\n', false]);
  marks.place(piece("f", 10, 12), () => {});
  first.failed();
  const second = marks.changed();
  expect(second.text).toBe('[["u1/0",[["f",12]]]]\n');
  second.written();
  expect([marks.changed().text, marks.all(marks.changed())]).toEqual([undefined, second.text]);
});

test("what is not written yet is not among all", () => {
  const marks = makeStreamMarks();
  marks.place(piece("f", 0, 10), () => {});
  marks.changed().written();
  marks.place(piece("f", 0, 7, "u2/0"), () => {});
  const changed = marks.changed();
  marks.place(piece("f", 10, 20), () => {});
  expect(marks.all(changed)).toBe('[["u1/0",[["f",10]]],["u2/0",[["f",7]]]]\n');
});

test("streams and files of long ago are forgotten", () => {
  const marks = makeStreamMarks();
  for (let i = 0; i < 1_000; i++) marks.place(piece("f", 0, i, `u${i}/0`), () => {});
  for (let i = 0; i < 100; i++) marks.place(piece(`f${i}`, 0, i, "u999/0"), () => {});
  const changed = marks.changed();
  changed.written();
  const all = JSON.parse(marks.all(changed) ?? "") as [string, unknown[]][];
  expect(all.length).toBeLessThanOrEqual(1_000);
  expect(new Map(all).get("u999/0")?.length).toBe(8);
  marks.clear();
  expect(marks.isDirty()).toBe(false);
  expect(marks.place(piece("f", 40, 50, "u999/0"), () => {})).toEqual({ file: "f", offset: 50 });
});

test("however a sender cuts and repeats, each byte is taken once, in order", () => {
  const cuts = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 40 });
  fc.assert(
    fc.property(cuts, fc.array(fc.boolean()), (pairs, restarts) => {
      let marks = makeStreamMarks();
      marks.place(piece("f", 0, 0), () => {});
      let taken = 0;
      for (const [i, [a, b]] of pairs.entries()) {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const place = marks.place(piece("f", from, to), () => {
          expect(from).toBe(taken);
          taken = to;
        });
        expect(place.offset).toBe(taken);
        if (!restarts[i]) continue;
        const changed = marks.changed();
        changed.written();
        const text = marks.all(changed) ?? "";
        marks = makeStreamMarks();
        marks.read(text);
      }
    }),
  );
});
