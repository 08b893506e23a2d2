import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CASES, REQUIREMENTS } from "./lifecycle-case-suite.ts";

const ids = REQUIREMENTS.map(({ id }) => id);
const met = CASES.flatMap(({ meets }) => meets);

it("names each requirement once", () => {
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

it("has a case for each, a test of the platform, or a reason", () => {
  const without = REQUIREMENTS.filter(({ id, not, provedBy }) => !not && !provedBy && !met.includes(id));
  expect(without.map(({ id }) => id)).toEqual([]);
});

it("has no case for what has a reason, nor for what is not listed", () => {
  const exempt = REQUIREMENTS.filter(({ not, provedBy }) => not || provedBy).map(({ id }) => id);
  expect(met.filter((id) => exempt.includes(id) || !ids.includes(id))).toEqual([]);
});

it("names tests of the platform that are there", () => {
  const root = join(import.meta.dirname, "../../..");
  const files = REQUIREMENTS.flatMap(({ provedBy }) => (provedBy ? [provedBy] : []));
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
