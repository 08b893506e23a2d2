import { describe, expect, test } from "vitest";
import { judgeNodes, type KnownNodes, LOST_AFTER_MS, LOST_FOR_MS, lostNodes } from "./node-silence.ts";

const SECOND = 1_000;

/** Looks once a second; each text has the nodes that answer (`a`) and those that do not (`-b`). */
function look(texts: readonly string[], everyMs = SECOND, before: KnownNodes = new Map(), since = 0) {
  return texts.reduce<KnownNodes>((known, text, i) => {
    const words = text.split(" ").filter(Boolean);
    const answered = new Map(words.map((word) => [word.replace("-", ""), !word.startsWith("-")]));
    return judgeNodes(known, answered, since + i * everyMs);
  }, before);
}

const times = (count: number, text: string) => Array<string>(count).fill(text);
const ALL = "a b c";
const SILENT = "a b -c";

describe("a node", () => {
  test.each([
    ["that answers", times(9, ALL), []],
    ["that is silent for so long", [ALL, ...times(5, SILENT)], ["c"]],
    ["that is silent, but not yet for so long", [ALL, ...times(4, SILENT)], []],
    ["that answers in between", [ALL, ...times(3, SILENT), ALL, ...times(3, SILENT)], []],
    ["that has never answered", times(20, SILENT), []],
    ["that nobody is left on", [ALL, ...times(3, SILENT), ...times(9, "a b")], []],
    ["of two, the other answers", ["a b", ...times(5, "a -b")], ["b"]],
    ["alone", ["a", ...times(9, "-a")], []],
    ["of several that are silent, fewer than half", ["a b c d e", ...times(5, "a b c -d -e")], ["d", "e"]],
    ["when more than half are silent, so that it is who looks", [ALL, ...times(9, "a -b -c")], []],
    ["when all are silent", [ALL, ...times(9, "-a -b -c")], []],
  ])("%s", (_, texts, lost) => {
    expect([...lostNodes(look(texts))]).toEqual(lost);
  });

  test("is not lost after few looks, however long they took", () => {
    expect(lostNodes(look([ALL, SILENT, SILENT], LOST_AFTER_MS)).size).toBe(0);
    expect([...lostNodes(look([ALL, ...times(4, SILENT)], LOST_AFTER_MS))]).toEqual(["c"]);
  });

  test("is lost once those come back without which nothing could be said", () => {
    const cutOff = look([ALL, ...times(9, "a -b -c")]);
    const after = judgeNodes(
      cutOff,
      new Map([
        ["a", true],
        ["b", true],
        ["c", false],
      ]),
      10 * SECOND,
    );
    expect([...lostNodes(after)]).toEqual(["c"]);
  });
});

describe("a lost node", () => {
  const lost = look([ALL, ...times(5, SILENT)]);
  const at = 5 * SECOND;

  test("stays lost when it is back, and when no pod is left there", () => {
    for (const text of [ALL, "a b"])
      expect([...lostNodes(look([text], SECOND, lost, at + LOST_FOR_MS - 1))]).toEqual(["c"]);
  });

  test.each([
    ["is back", ALL],
    ["has no pods", "a b"],
  ])("is as any other after a while, when it %s", (_, text) => {
    const later = look([text], SECOND, lost, at + LOST_FOR_MS);
    expect(lostNodes(later).size).toBe(0);
    const again = look([ALL, ...times(5, SILENT)], SECOND, later, at + LOST_FOR_MS + SECOND);
    expect([...lostNodes(again)]).toEqual(["c"]);
  });

  test("does not count as one of those that answer when it is not asked", () => {
    const known = look(times(9, "a -b"), SECOND, lost, at + SECOND);
    expect([...lostNodes(known)].sort()).toEqual(["b", "c"]);
  });
});
