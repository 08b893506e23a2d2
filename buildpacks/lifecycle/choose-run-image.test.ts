import { describe, expect, it } from "vitest";
import { chooseRunImage, namesOf } from "./choose-run-image.ts";

describe("the name a run image is taken by", () => {
  const images = { image: "a.example/run", mirrors: ["b.example/run", "c.example/run"] };
  const cases: readonly [string, readonly string[], string | undefined][] = [
    ["b.example/app", ["a", "b", "c"], "b.example/run"],
    ["b.example/app", ["a", "c"], "a.example/run"],
    ["z.example/app", ["a", "b", "c"], "a.example/run"],
    ["z.example/app", ["c"], "c.example/run"],
    ["a.example/app", [], undefined],
  ];
  it.each(cases)("of %s with %j to be read", async (app, readable, chosen) => {
    const canRead = async (name: string) => readable.includes(name.slice(0, 1));
    expect(await chooseRunImage(images, app, canRead)).toBe(chosen);
  });
});

describe("all names of a run image", () => {
  const [one, two] = [
    { image: "a", mirrors: ["b"] },
    { image: "c", mirrors: ["d"] },
  ];
  it("are those of the entry that has it", () => {
    expect(namesOf([one, two], "d")).toEqual(two);
    expect(namesOf([one, two], "a")).toEqual(one);
  });

  it("are those of the first entry when none has it, and its own without entries", () => {
    expect(namesOf([one, two], "z")).toEqual(one);
    expect(namesOf([], "z")).toEqual({ image: "z", mirrors: [] });
  });
});
