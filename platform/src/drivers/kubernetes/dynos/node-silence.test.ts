import { describe, expect, test } from "vitest";
import { judgeNodes, type KnownNodes, LOST_AFTER_MS, LOST_FOR_MS, lostNodes } from "./node-silence.ts";

const SECOND = 1_000;

/** Looks once a second; each text has the nodes that answer (`a`), that do not (`-b`), and whose pods all leave (`~c`). */
function look(texts: readonly string[], everyMs = SECOND, before: KnownNodes = new Map(), since = 0) {
  return texts.reduce<KnownNodes>((known, text, i) => {
    const words = text.split(" ").filter(Boolean);
    const asked = words.filter((word) => !word.startsWith("~"));
    const answered = new Map(asked.map((word) => [word.replace("-", ""), !word.startsWith("-")]));
    const holding = new Set(words.map((word) => word.replace(/[-~]/, "")));
    return judgeNodes(known, { answered, holding, now: since + i * everyMs });
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
    expect([...lostNodes(look([SILENT], SECOND, cutOff, 10 * SECOND))]).toEqual(["c"]);
  });
});

describe("a lost node", () => {
  const lost = look([ALL, ...times(5, SILENT)]);
  const at = 5 * SECOND;

  test("stays lost while pods are there, whether one answers or all are on their way out", () => {
    for (const text of [ALL, "a b ~c"])
      expect([...lostNodes(look([text], SECOND, lost, at + LOST_FOR_MS - 1))]).toEqual(["c"]);
  });

  test("is back when it has let its pods go", () => {
    expect(lostNodes(look(["a b"], SECOND, lost, at)).size).toBe(0);
  });

  test.each([
    ["is back", ALL],
    ["lets nothing go", "a b ~c"],
  ])("is as any other after a while, when it %s", (_, text) => {
    const later = look([text], SECOND, lost, at + LOST_FOR_MS);
    expect(lostNodes(later).size).toBe(0);
    const again = look([ALL, ...times(5, SILENT)], SECOND, later, at + LOST_FOR_MS + SECOND);
    expect([...lostNodes(again)]).toEqual(["c"]);
  });

  test("does not count as one of those that answer when it is not asked", () => {
    const known = look(times(9, "a -b ~c"), SECOND, lost, at + SECOND);
    expect([...lostNodes(known)].sort()).toEqual(["b", "c"]);
  });
});
