import { compare, valid } from "semver";
import { compareDebian } from "./debian-version.ts";
import { compareMaven } from "./maven-version.ts";
import { comparePython } from "./pep440-version.ts";

/** Below zero when a is older than b; undefined when one of the two is no version of the ecosystem. */
export type CompareVersions = (a: string, b: string) => number | undefined;

const ORDERS: Readonly<Record<string, CompareVersions>> = {
  npm: compareSemantic,
  golang: compareSemantic,
  pypi: comparePython,
  maven: compareMaven,
  gem: compareGem,
  composer: compareComposer,
  deb: compareDebian,
};

/** How versions of packages of this type (of package URLs) are ordered; undefined for types that have no order here. */
export function orderOf(type: string): CompareVersions | undefined {
  return Object.hasOwn(ORDERS, type) ? ORDERS[type] : undefined;
}

/** Semantic Versioning 2.0.0 §11. Go writes a `v` before it. Advisories leave out what is zero at the end. */
export function compareSemantic(a: string, b: string): number | undefined {
  const [left, right] = [complete(a), complete(b)];
  return left === null || right === null ? undefined : compare(left, right);
}

function complete(text: string): string | null {
  const [, core = "", rest = ""] = /^v?(\d+(?:\.\d+){0,2})([-+].*)?$/.exec(text.trim()) ?? [];
  const numbers = core === "" ? [] : core.split(".");
  return numbers.length === 0 ? null : valid(`${[...numbers, "0", "0"].slice(0, 3).join(".")}${rest}`);
}

/** RubyGems (guides.rubygems.org, `Gem::Version`): a segment of letters is a pre-release, older than any number. */
export function compareGem(a: string, b: string): number | undefined {
  const [left, right] = [gemSegments(a), gemSegments(b)];
  if (!left || !right) return undefined;
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [x = 0, y = 0] = [left[i], right[i]];
    if (x === y) continue;
    if (typeof x === "string" && typeof y === "string") return x < y ? -1 : 1;
    if (typeof x === "string") return -1;
    return typeof y === "string" ? 1 : x - y;
  }
  return 0;
}

function gemSegments(text: string): (number | string)[] | undefined {
  if (!/^\s*\d+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*$/.test(text)) return undefined;
  const parts =
    text
      .trim()
      .replaceAll("-", ".pre.")
      .match(/\d+|[a-z]+/gi) ?? [];
  return parts.map((part) => (/^\d/.test(part) ? Number(part) : part));
}

/** The words of PHP's `version_compare`, oldest first; a number stands between `rc` and `p`. */
const PHP_WORDS: Readonly<Record<string, number>> = {
  dev: 0,
  alpha: 1,
  a: 1,
  beta: 2,
  b: 2,
  rc: 3,
  p: 5,
  pl: 5,
  patch: 5,
};
const RELEASED = 4;

/** Composer (getcomposer.org, "Versions and constraints"): four numbers, then stability and its number as PHP compares them. */
export function compareComposer(a: string, b: string): number | undefined {
  const [left, right] = [composerKey(a), composerKey(b)];
  if (!left || !right) return undefined;
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function composerKey(text: string): number[] | undefined {
  const match =
    /^v?(\d+(?:\.\d+){0,3})(?:[-_.]?(dev|alpha|beta|rc|patch|pl|[abp])[-_.]?(\d*)(?:[-_.]?dev)?)?(?:\+.*)?$/i.exec(
      text.trim(),
    );
  if (!match) return undefined;
  const numbers = (match[1] ?? "").split(".").map(Number);
  const [one = 0, two = 0, three = 0, four = 0] = numbers;
  const word = match[2]?.toLowerCase();
  return [
    one,
    two,
    three,
    four,
    word === undefined ? RELEASED : (PHP_WORDS[word] ?? 0),
    Number(match[3] ?? 0),
  ];
}
