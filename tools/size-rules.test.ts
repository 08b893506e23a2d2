import { describe, expect, test } from "vitest";
import type { FileMeasure, FunctionMeasure } from "./measure-file.ts";
import { judgeSizes, quantile } from "./size-rules.ts";

const file = (path: string, given: Partial<FileMeasure> = {}): FileMeasure => ({
  path,
  kind: "source",
  lines: 10,
  imports: 1,
  functions: [],
  ...given,
});
const tests = (path: string, lines: number) => file(path, { kind: "test", lines });
const long = (lines: number, parameters = 0): FunctionMeasure => ({ name: "f", line: 7, lines, parameters });

/** Enough small, tested files that only what a case adds can break a rule. */
const ground = [
  ...Array.from({ length: 40 }, (_, i) => file(`a/f${i}.ts`)),
  tests("a/all.test.ts", 490),
  tests("c/all3.test.ts", 490),
  tests("b/all2.test.ts", 490),
];
const judge = (...files: FileMeasure[]) => judgeSizes([...ground, ...files]);

test("the ground breaks no rule", () => {
  expect(judge()).toEqual([]);
});

describe("one file", () => {
  test.each<[string, FileMeasure, RegExp | undefined]>([
    ["500 lines", file("x.ts", { lines: 500 }), undefined],
    ["501 lines", file("x.ts", { lines: 501 }), /x\.ts has 501 lines; 500/],
    ["a test of 501 lines", tests("x.test.ts", 501), /x\.test\.ts has 501/],
    ["15 imports", file("x.ts", { imports: 15 }), undefined],
    ["16 imports", file("x.ts", { imports: 16 }), /x\.ts has 16 imports; 15/],
    ["16 imports in compose", file("platform/src/compose/x.ts", { imports: 16 }), undefined],
    ["16 imports in a test", file("x.test.ts", { kind: "test", imports: 16 }), undefined],
    ["a function of 80 lines", file("x.ts", { functions: [long(80)] }), undefined],
    ["a function of 81 lines", file("x.ts", { functions: [long(81)] }), /x\.ts:7 f has 81 lines; 80/],
    ["a long function in a test", file("x.test.ts", { kind: "test", functions: [long(300)] }), undefined],
    ["four parameters", file("x.ts", { functions: [long(1, 4)] }), undefined],
    ["five parameters", file("x.ts", { functions: [long(1, 5)] }), /x\.ts:7 f takes 5 parameters/],
  ])("%s", (_name, given, expected) => {
    const said = judge(given).filter((sentence) => !sentence.startsWith("the 95th"));
    if (expected) expect(said).toEqual([expect.stringMatching(expected)]);
    else expect(said).toEqual([]);
  });
});

describe("names", () => {
  test("two files of one name are named together", () => {
    expect(judge(file("a/dyno.ts"), file("b/dyno.ts"))).toEqual([
      "these files share a name: a/dyno.ts, b/dyno.ts",
    ]);
  });

  test("doors share their name", () => {
    expect(judge(file("a/index.ts"), file("b/index.ts"))).toEqual([]);
  });

  test.each([
    "utils",
    "app-utils",
    "string-helper",
    "common",
    "misc",
    "dyno-manager",
    "release-service",
    "util.test",
  ])("%s says nothing", (name) => {
    expect(judge(file(`a/${name}.ts`)).join()).toContain("a name that says nothing");
  });

  test.each(["commonality", "servicing", "utility-bill"])("%s is a name", (name) => {
    expect(judge(file(`a/${name}.ts`))).toEqual([]);
  });
});

describe("the whole", () => {
  test("half of the files may be no longer than the median allows", () => {
    const many = Array.from({ length: 41 }, (_, i) => file(`l${i}.ts`, { lines: 101 }));
    expect(judge(...many, ...Array.from({ length: 12 }, (_, i) => tests(`t${i}.test.ts`, 450)))).toEqual([
      "the median of the files is 101 lines; 100 are allowed",
    ]);
  });

  test("one function in twenty may be long", () => {
    const functions = (count: number) =>
      file("x.ts", { functions: [...Array(19).fill(long(10)), ...Array(count).fill(long(70))] });
    expect(judge(functions(1))).toEqual([]);
    expect(judge(functions(2))).toEqual(["the 95th percentile of the functions is 70 lines; 60 are allowed"]);
  });

  test("there are more lines of tests than of source", () => {
    expect(judgeSizes([file("a.ts", { lines: 100 }), tests("a.test.ts", 119)])).toEqual([
      "the whole tree: 119 lines of tests for 100 of source; at least 120 are wanted",
    ]);
    expect(judgeSizes([file("a.ts", { lines: 100 }), tests("a.test.ts", 120)])).toEqual([]);
  });

  test("what is entered by hand and what measures is not weighed", () => {
    const unweighed = [
      file("contract/supplement/apps.ts", { lines: 100 }),
      file("bench/b-bench.ts", { lines: 100 }),
    ];
    expect(judgeSizes([...unweighed, file("a.ts", { lines: 100 }), tests("a.test.ts", 120)])).toEqual([]);
  });

  test("reconcilers and the proxy want twice as many, of their own", () => {
    expect(
      judge(file("a/app-reconciler.ts", { lines: 20 }), file("platform/src/edge/proxy/x.ts", { lines: 30 })),
    ).toEqual([
      "reconcilers: 0 lines of tests for 20 of source; at least 40 are wanted",
      "the proxy: 0 lines of tests for 30 of source; at least 60 are wanted",
    ]);
    expect(
      judge(file("a/app-reconciler.ts", { lines: 20 }), tests("a/app-reconciler.slow.test.ts", 40)),
    ).toEqual([]);
  });
});

test.each<[number[], number, number]>([
  [[], 0.5, 0],
  [[7], 0.95, 7],
  [[3, 1, 2], 0.5, 2],
  [[4, 1, 3, 2], 0.5, 2],
  [Array.from({ length: 100 }, (_, i) => i + 1), 0.95, 95],
])("the quantile of %j at %f is %i", (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected);
});
