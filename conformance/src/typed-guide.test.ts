import { expect, test } from "vitest";
import { readGuide } from "./typed-guide.ts";

const FENCE = "```";
const page = (...lines: readonly string[]) => lines.join("\n");

test("blocks come in order, each with its heading", () => {
  const markdown = page(
    ...[
      "# A page",
      "",
      "## First",
      "Look:",
      FENCE,
      "one",
      "two --flag",
      FENCE,
      "and then",
      FENCE,
      "three",
      FENCE,
    ],
    ...["## Second", FENCE, "four", FENCE],
  );
  expect(readGuide(markdown)).toEqual([
    { heading: "First", commands: ["one", "two --flag"] },
    { heading: "First", commands: ["three"] },
    { heading: "Second", commands: ["four"] },
  ]);
});

test("what is not to be typed is left out", () => {
  expect(readGuide(page("`npm start`", `${FENCE}yaml`, "a: b"))).toEqual([]);
  const after = page(`${FENCE}sh`, "docker ps", FENCE, "Text.", FENCE, "ls", FENCE);
  expect(readGuide(after).map(({ commands }) => commands)).toEqual([["ls"]]);
});

test("a comment in a block is no heading", () => {
  const markdown = page("# Page", FENCE, "# first", "ls", FENCE, FENCE, "pwd", FENCE);
  expect(readGuide(markdown).map(({ heading }) => heading)).toEqual(["Page", "Page"]);
});

test("a page without blocks has none, and one that never ends is none", () => {
  expect(readGuide("")).toEqual([]);
  expect(readGuide(page("# Page", FENCE, "ls"))).toEqual([]);
});
