import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomOf, shuffle } from "./seeded-random.ts";

const byValue = (a: number, b: number) => a - b;
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("chance from a seed", () => {
  // What a seed that was noted down says must be found again by later versions.
  test.each([
    [0, [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]],
    [1, [0.6270739405881613, 0.002735721180215478, 0.5274470399599522]],
    [-1, [0.8964226141106337, 0.189478256739676, 0.7156526781618595]],
    [2 ** 32 - 1, [0.8964226141106337, 0.189478256739676, 0.7156526781618595]],
  ])("gives the numbers of the seed %d", (seed, wanted) => {
    const random = randomOf(seed);
    expect(Array.from({ length: 3 }, random)).toEqual(wanted);
  });

  test("is from 0 to below 1, and the same for the same seed", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [random, again] = [randomOf(seed), randomOf(seed)];
        for (let i = 0; i < 20; i++) {
          const number = random();
          expect(number).toBeGreaterThanOrEqual(0);
          expect(number).toBeLessThan(1);
          expect(again()).toBe(number);
        }
      }),
    );
  });
});

describe("shuffling", () => {
  test("leaves out nothing and doubles nothing, and leaves the list as it is", () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer()), (seed, items) => {
        const before = [...items];
        expect(shuffle(items, randomOf(seed)).sort(byValue)).toEqual(items.toSorted(byValue));
        expect(items).toEqual(before);
      }),
    );
  });

  test.each([
    ["the order of before with the least of chances", 0, ["a", "b", "c"]],
    ["the other way round with the greatest", 1 - 2 ** -32, ["c", "b", "a"]],
  ])("gives %s", (_what, chance, wanted) => {
    expect(shuffle(["a", "b", "c"], () => chance)).toEqual(wanted);
  });

  test("differs from seed to seed", () => {
    const order = (seed: number) => shuffle([...Array(20).keys()], randomOf(seed)).join();
    expect(order(1)).not.toBe(order(2));
  });
});
