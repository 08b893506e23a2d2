import { expect, it } from "vitest";
import { fitsConstraint } from "./php-constraint.ts";

it.each([
  ["8.2.36", "^8.1", true],
  ["8.2.36", "~8.1", true],
  ["8.2.36", "~8.1.0", false],
  ["8.2.36", "~8.2.0", true],
  ["8.2.36", ">=8.1", true],
  ["8.2.36", ">=8.1,<8.2", false],
  ["8.2.36", ">=8.1 <8.3", true],
  ["8.2.36", "8.2.*", true],
  ["8.2.36", "8.*", true],
  ["8.2.36", "7.4 - 8.1", false],
  ["8.2.36", "7.4 - 8.2", true],
  ["8.2.36", "^7.4 || ^8.0", true],
  ["8.2.36", "^7.4|^8.0", true],
  ["8.2.36", "^7.3", false],
  ["8.2.36", "*", true],
  ["8.2.36", "8.2.36", true],
  ["8.2.36", "8.2.35", false],
  ["8.2.36", "v8.2.36", true],
  ["8.2.36", ">=8.0 !=8.2.36", false],
  ["8.2.36", ">=8.0,!=8.2.35", true],
  ["8.2.36", "^8.1@dev", true],
  ["8.2.36", "dev-main", undefined],
  ["8.2.36", "dev-main || ^8.2", true],
])("PHP %s fits %j: %s", (version, constraint, fits) => {
  expect(fitsConstraint(version, constraint)).toBe(fits);
});
