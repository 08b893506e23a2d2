import fc from "fast-check";
import { expect, it } from "vitest";
import { ARCHITECTURES } from "../../../delivery/image/index.ts";
import { cacheNameOf, cacheNamesOf } from "./cache-names.ts";

const architecture = fc.constantFrom(...ARCHITECTURES);

it("finds every cache of an app again, on whatever machine it was made, and none of another app", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), architecture, architecture, (app, other, built, own) => {
      fc.pre(app !== other);
      const name = cacheNameOf(app, built, own);
      expect(cacheNamesOf(app)).toContain(name);
      expect(cacheNamesOf(other)).not.toContain(name);
      // What a killed build leaves is only given back under such a name.
      expect(name).toMatch(/^[A-Za-z0-9-]+$/);
    }),
  );
});

it("never gives two processors one cache: their layers hold programs", () => {
  for (const own of ARCHITECTURES)
    expect(new Set(ARCHITECTURES.map((one) => cacheNameOf("a", one, own))).size).toBe(ARCHITECTURES.length);
});
