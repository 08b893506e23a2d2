import { describe, expect, test } from "vitest";
import { measureFile } from "./measure-file.ts";

const measure = (text: string, path = "platform/src/kernel/x.ts") => measureFile({ path, text });

describe("lines and imports", () => {
  test.each([
    ["", 1],
    ["one\n", 1],
    ["one\ntwo", 2],
    ["one\n\ntwo\n", 3],
  ])("%j has %i lines", (text, lines) => {
    expect(measure(text, "scripts/x.sh").lines).toBe(lines);
  });

  test("each import statement counts, exports from elsewhere do not", () => {
    const text = 'import a from "a";\nimport type { B } from "b";\nimport "c";\nexport { d } from "d";\n';
    expect(measure(text).imports).toBe(3);
  });
});

describe("kinds", () => {
  test.each([
    ["platform/src/a.ts", "source"],
    ["tools/a.ts", "source"],
    ["platform/src/a.test.ts", "test"],
    ["platform/src/a.slow.test.ts", "test"],
    ["platform/src/a-fixtures.ts", "test"],
    ["platform/src/a-suite.ts", "test"],
    ["platform/src/a-fake.ts", "test"],
    ["conformance/src/browse.ts", "test"],
  ])("%s is %s", (path, kind) => {
    expect(measure("", path).kind).toBe(kind);
  });
});

describe("functions", () => {
  test("each form is found, with its name, place and size", () => {
    const text = `export function first(a: number) {
  return a;
}
const second = (a: number, b: number) => a + b;
class C {
  third(
    a: string,
    b: string,
    c: string,
  ) {}
}
const d = { fourth: function () {} };
`;
    expect(measure(text).functions).toEqual([
      { name: "first", line: 1, lines: 3, parameters: 1 },
      { name: "second", line: 4, lines: 1, parameters: 2 },
      { name: "third", line: 6, lines: 5, parameters: 3 },
      { name: "fourth", line: 12, lines: 1, parameters: 0 },
    ]);
  });

  test("functions within functions are measured too", () => {
    const text = "function outer() {\n  return () => {\n    return 1;\n  };\n}\n";
    expect(measure(text).functions.map(({ lines }) => lines)).toEqual([5, 3]);
  });

  test("a pattern is one parameter, a rest is one, `this` is none", () => {
    const text = "function f(this: Date, { a, b }: { a: 1; b: 2 }, [c]: number[], ...d: string[]) {}";
    expect(measure(text).functions[0]?.parameters).toBe(3);
  });

  test("text in more than ASCII does not shift the lines", () => {
    expect(measure('const s = "äöü🌲";\nfunction f() {\n}\n').functions[0]).toMatchObject({
      line: 2,
      lines: 2,
    });
  });
});

test("a file that cannot be parsed is told by name", () => {
  expect(() => measure("const = ;")).toThrow(/kernel\/x\.ts/);
});
