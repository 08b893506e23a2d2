import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Config,
  type ConfigChange,
  changeConfig,
  describeChange,
  LARGEST_CONFIG_BYTES,
  withSecrets,
} from "./config-vars.ts";

describe("a change of config vars", () => {
  const table: { before: Config; change: ConfigChange; after: Config; says: string }[] = [
    { before: {}, change: { A: "1" }, after: { A: "1" }, says: "Set A config vars" },
    {
      before: { A: "1" },
      change: { B: "2", A: "3" },
      after: { A: "3", B: "2" },
      says: "Set A, B config vars",
    },
    { before: { A: "1", B: "2" }, change: { A: null }, after: { B: "2" }, says: "Remove A config vars" },
    {
      before: { A: "1" },
      change: { A: null, B: "" },
      after: { B: "" },
      says: "Set B and remove A config vars",
    },
  ];
  test.each(table)("$says", ({ before, change, after, says }) => {
    const changed = changeConfig(before, change);
    expect(changed.config).toEqual(after);
    expect(describeChange(changed)).toBe(says);
  });

  test("to the same values changes nothing", () => {
    expect(changeConfig({ A: "1" }, { A: "1", B: null })).toEqual({
      config: { A: "1" },
      set: [],
      removed: [],
    });
  });

  test.each(["", "1A", "A-B", "A B", "A=B", "PORT", "DYNO", "Ä", "A".repeat(257)])(
    "refuses the name %j",
    (name) => {
      expect(() => changeConfig({}, { [name]: "x" })).toThrow(
        expect.objectContaining({ id: "invalid_params" }),
      );
    },
  );

  test("refuses more than fits, and still allows making it smaller", () => {
    const full = { A: "x".repeat(LARGEST_CONFIG_BYTES) };
    expect(() => changeConfig({}, full)).toThrow(/64|65536/);
    expect(changeConfig(full, { A: "y".repeat(LARGEST_CONFIG_BYTES - 10) }).set).toEqual(["A"]);
  });

  test("refuses a NUL character", () => {
    expect(() => changeConfig({}, { A: "a\0b" })).toThrow(/NUL/);
  });

  test("names like Object's own are ordinary names", () => {
    expect(changeConfig({}, { constructor: "1", toString: null }).config).toEqual({ constructor: "1" });
  });

  test("reports exactly the names whose value differs", () => {
    const name = fc.stringMatching(/^[A-Z]{1,3}$/);
    const config = fc.dictionary(
      name,
      fc.string({ maxLength: 5 }).filter((v) => !v.includes("\0")),
    );
    fc.assert(
      fc.property(config, config, (before, wanted) => {
        const { config: after, set, removed } = changeConfig(before, wanted);
        expect(removed).toEqual([]);
        for (const key of Object.keys(after)) expect(set.includes(key)).toBe(before[key] !== after[key]);
      }),
    );
  });
});

describe("secrets that an image asks for", () => {
  const secrets = (before: Record<string, string>, names: string[]) => {
    let n = 0;
    return withSecrets(before, names, () => `s${++n}`);
  };

  test.each<[string, Record<string, string>, string[], Record<string, string> | undefined]>([
    ["none", { A: "1" }, [], undefined],
    ["one", { A: "1" }, ["B"], { A: "1", B: "s1" }],
    ["one that is there, also empty", { A: "" }, ["A"], undefined],
    ["two, one there", { A: "1" }, ["A", "B"], { A: "1", B: "s1" }],
    ["what no config var can be named", {}, ["PORT", "a b", "lower", "__proto__", ""], undefined],
    [
      "more than anybody needs",
      {},
      [..."ABCDEFGHIJ"],
      Object.fromEntries([..."ABCDEFGH"].map((c, i) => [c, `s${i + 1}`])),
    ],
    ["one that has no room", { A: "x".repeat(LARGEST_CONFIG_BYTES - 1) }, ["B"], undefined],
  ])("%s", (_, before, names, wanted) => {
    expect(secrets(before, names)?.config).toEqual(wanted);
  });
});
