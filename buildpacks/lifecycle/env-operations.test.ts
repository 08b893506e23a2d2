import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  applyOperation,
  applyOperations,
  type EnvOperation,
  filesIn,
  namesIn,
  readOperations,
  readVariables,
} from "./env-operations.ts";

const operation = (action: EnvOperation["action"], value: string, delimiter = ""): EnvOperation => ({
  name: "X",
  ...{ action, value, delimiter },
});

describe("environment files", () => {
  const cases: readonly [string, Record<string, string>, Record<string, string>, Record<string, string>][] = [
    ["no suffix overrides", { X: "new" }, { X: "old" }, { X: "new" }],
    [".override overrides", { "X.override": "new" }, { X: "old" }, { X: "new" }],
    [".default leaves a value", { "X.default": "new" }, { X: "old" }, { X: "old" }],
    [".default fills an empty value", { "X.default": "new" }, { X: "" }, { X: "new" }],
    [".append goes behind", { "X.append": "b" }, { X: "a" }, { X: "ab" }],
    [".prepend goes in front", { "X.prepend": "a" }, { X: "b" }, { X: "ab" }],
    [".delim stands between", { "X.append": "b", "X.delim": ":" }, { X: "a" }, { X: "a:b" }],
    [".delim stands not beside nothing", { "X.prepend": "b", "X.delim": ":" }, {}, { X: "b" }],
    ["values are taken as they are", { X: "$HOME\n" }, {}, { X: "$HOME\n" }],
    ["other suffixes are no operations", { "X.sh": "b", "Y.delim": ":" }, { X: "a" }, { X: "a" }],
    [
      "both directions at once",
      { "X.prepend": "a", "X.append": "c", "X.delim": "-" },
      { X: "b" },
      { X: "a-b-c" },
    ],
  ];
  it.each(cases)("%s", (_, files, before, after) => {
    expect(applyOperations(before, readOperations(files))).toEqual(after);
  });

  it.each<[string, Record<string, string>, Record<string, string>[], string]>([
    ["its own", { "X.append": "b", "X.delim": "," }, [{ "X.delim": ";" }], "a,b"],
    ["that of another folder of the layer", { "X.append": "b" }, [{ Y: "" }, { "X.delim": ";" }], "a;b"],
    ["an empty one of its own", { "X.append": "b", "X.delim": "" }, [{ "X.delim": ";" }], "ab"],
    ["none", { "X.append": "b" }, [{ "Y.delim": ";" }], "ab"],
  ])("joins with %s (Delimiter: any concatenation within the same layer)", (_, files, others, expected) => {
    expect(applyOperations({ X: "a" }, readOperations(files, { others }))).toEqual({ X: expected });
  });

  it("names a variable by the file's name up to the first period", () => {
    const names = (files: Record<string, string>) => readOperations(files).map(({ name }) => name);
    expect(names({ "A.B.append": "x", "A.append.x": "x", ".append": "x", "": "x" })).toEqual([]);
    expect(names({ "A-B.append": "x", lower: "x", "B.default": "x" })).toEqual(["A-B", "B", "lower"]);
  });

  it("takes an operator's unsuffixed files as defaults", () => {
    expect(
      applyOperations({ X: "app" }, readOperations({ X: "operator" }, { unsuffixed: "default" })),
    ).toEqual({ X: "app" });
  });
});

describe("any operations", () => {
  it("defaults never change what is set, overrides always win", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (current, value) => {
        expect(applyOperation(current, operation("default", value))).toBe(current);
        expect(applyOperation(current, operation("override", value))).toBe(value);
      }),
    );
  });

  it("joining keeps both values whole", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (current, value, delimiter) => {
        expect(applyOperation(current, operation("append", value, delimiter))).toBe(
          current + delimiter + value,
        );
        expect(applyOperation(current, operation("prepend", value, delimiter))).toBe(
          value + delimiter + current,
        );
      }),
    );
  });
});

describe("a folder of variables", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "variables-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is read as it is: links are followed, folders are not values, line ends stay", async () => {
    await mkdir(join(folder, "web"));
    await writeFile(join(folder, "B"), "two\nlines\r\n\ufeff");
    await writeFile(join(folder, "web", "C"), "c");
    await symlink("B", join(folder, "A"));
    expect(await readVariables(folder)).toEqual({ A: "two\nlines\r\n\ufeff", B: "two\nlines\r\n\ufeff" });
    expect(await filesIn(folder)).toEqual([join(folder, "A"), join(folder, "B")]);
    expect(await namesIn(folder)).toEqual(["A", "B", "web"]);
  });

  it.each([
    ["bytes that are not UTF-8", Buffer.from([0x61, 0xff])],
    ["half a character", Buffer.from([0xc3])],
    ["a zero byte", Buffer.from("a\0b")],
  ])("refuses %s rather than change them", async (_, bytes) => {
    await writeFile(join(folder, "KEY"), bytes);
    await expect(readVariables(folder)).rejects.toThrow(`${join(folder, "KEY")} is not text in UTF-8`);
  });

  it("is empty where there is none, or a file in its place", async () => {
    await writeFile(join(folder, "file"), "");
    expect(await readVariables(join(folder, "none"))).toEqual({});
    expect(await namesIn(join(folder, "file"))).toEqual([]);
  });
});
