import { satisfies, validRange } from "semver";

/**
 * Whether a version fits a constraint of Composer's: `^8.1`, `~8.1` (up to 9), `>=8.1 <8.4`, `8.1.*`, `7.4 - 8.2`, alternatives
 * with `|` or `||`. Undefined where the constraint cannot be read.
 */
export function fitsConstraint(version: string, constraint: string): boolean | undefined {
  const alternatives = constraint.split(/\s*\|\|?\s*/).map((one) => one.trim());
  const results = alternatives.map((one) => fitsAll(version, one));
  if (results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

function fitsAll(version: string, constraint: string): boolean | undefined {
  const text = constraint.replaceAll(/@\w+/g, "").replaceAll(",", " ").trim();
  const unequal = [...text.matchAll(/!=\s*v?([\d.]+)/g)].map(([, one = ""]) => one);
  const rest = text.replaceAll(/!=\s*v?[\d.]+/g, " ").trim();
  const range = validRange(
    rest
      // Composer's ~8.1 leaves the last number open: all of 8 from there on. npm's would stop at 8.2.
      .replaceAll(/~>?\s*v?(\d+)\.(\d+)(?![\d.])/g, (_, major: string, minor: string) => `^${major}.${minor}`)
      .replaceAll(/(^|[\s<>=^~])v(?=\d)/g, "$1")
      .replaceAll(/\.0(?=\.\d+\.\d+\.)/g, ""),
  );
  if (range === null) return undefined;
  if (unequal.some((one) => satisfies(version, one))) return false;
  return satisfies(version, range);
}
