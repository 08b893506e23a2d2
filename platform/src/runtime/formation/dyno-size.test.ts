import { describe, expect, test } from "vitest";
import { isId } from "../../kernel/index.ts";
import { defaultSize, dynoSizes, findDynoSize, limitsOf, pidsOf } from "./dyno-size.ts";

const GIB = 2 ** 30;

/** Name, memory in GB, share or "dedicated" (facts: runtime §3). */
const CEDAR: [string, number, number | "dedicated"][] = [
  ["Eco", 0.5, 1],
  ["Basic", 0.5, 1],
  ["Standard-1X", 0.5, 1],
  ["Standard-2X", 1, 2],
  ["Performance-M", 2.5, "dedicated"],
  ["Performance-L", 14, "dedicated"],
  ["Performance-L-RAM", 30, "dedicated"],
  ["Performance-XL", 62, "dedicated"],
  ["Performance-2XL", 126, "dedicated"],
];
const SHAPES: [string, number][] = [
  ["S", 1],
  ["M", 2.5],
  ["L", 14],
  ["L-RAM", 30],
  ["XL", 62],
  ["2XL", 126],
];
const FIR = [
  ["dyno-1c-0.5gb", "dyno-2c-1gb"],
  ["dyno-1c-4gb", "dyno-2c-8gb", "dyno-4c-16gb", "dyno-8c-32gb", "dyno-16c-64gb"],
  ["dyno-2c-4gb", "dyno-4c-8gb", "dyno-8c-16gb", "dyno-16c-32gb", "dyno-32c-64gb"],
  ["dyno-1c-8gb", "dyno-2c-16gb", "dyno-4c-32gb", "dyno-8c-64gb", "dyno-16c-128gb"],
].flat();

describe("the catalogue of dyno sizes", () => {
  test.each(CEDAR)("has %s with %d GB", (name, memory, share) => {
    const size = findDynoSize(name);
    expect(size).toMatchObject({ name, memory, generation: "cedar", privateSpaceOnly: false });
    expect(size?.dedicated).toBe(share === "dedicated");
    if (share !== "dedicated") expect(size?.share).toBe(share);
  });

  test.each(SHAPES)("has Private-%s and Shield-%s with %d GB", (shape, memory) => {
    for (const family of ["Private", "Shield"]) {
      expect(findDynoSize(`${family}-${shape}`)).toMatchObject({
        memory,
        dedicated: true,
        privateSpaceOnly: true,
      });
    }
  });

  test.each(FIR)("has %s, whose name spells the spec", (name) => {
    const [, cores, memory] = /^dyno-(\d+)c-([\d.]+)gb$/.exec(name) ?? [];
    expect(findDynoSize(name)).toMatchObject({
      name,
      generation: "fir",
      compute: Number(cores),
      memory: Number(memory),
      // Heroku has them in spaces only; here any app may have them.
      privateSpaceOnly: false,
    });
  });

  test("has the 17 sizes of Fir, and no name or id twice", () => {
    expect(
      dynoSizes
        .filter(({ generation }) => generation === "fir")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...FIR].sort());
    expect(new Set(dynoSizes.map(({ name }) => name.toLowerCase())).size).toBe(dynoSizes.length);
    expect(new Set(dynoSizes.map(({ id }) => id)).size).toBe(dynoSizes.length);
    expect(dynoSizes.every(({ id }) => isId(id))).toBe(true);
  });

  test("has the default sizes", () => {
    expect(findDynoSize(defaultSize.cedar)?.generation).toBe("cedar");
    expect(findDynoSize(defaultSize.fir)?.generation).toBe("fir");
  });

  test("is searched by id and by name in any case", () => {
    const size = findDynoSize("standard-1X");
    expect(size?.name).toBe("Standard-1X");
    expect(findDynoSize(size?.id ?? "")).toBe(size);
    expect(findDynoSize("Standard-3X")).toBeUndefined();
    expect(findDynoSize("")).toBeUndefined();
  });
});

test.each([
  ["Eco", 256],
  ["Standard-2X", 256],
  ["Performance-M", 16_384],
  ["Private-S", 16_384],
  ["Performance-L", 32_768],
])("%s may have %i threads and processes", (name, pids) => {
  const size = findDynoSize(name);
  if (!size) throw new Error("no such size");
  expect(pidsOf(size)).toBe(pids);
});

test("a size says what a dyno may use", () => {
  const size = findDynoSize("Standard-2X");
  expect(size && limitsOf(size)).toEqual({ memoryBytes: GIB, cpuShare: 2, pids: 256 });
});
