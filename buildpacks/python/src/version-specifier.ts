/** A released version as its numbers: `3.11.2` is [3, 11, 2]. */
type Numbers = readonly number[];

/** Tells whether a released version, written `3.11.2`, is allowed. */
export type VersionTest = (version: string) => boolean;

/** Longer texts are no constraints that a person wrote. */
const LONGEST = 500;

/**
 * Reads what a project says about versions of Python: the specifiers of PEP 440 (`>=3.10,<4`, `==3.11.*`, `~=3.10.2`),
 * and what Poetry adds to them: `^3.11`, `~3.11`, `3.11.*`, `*`, a bare version, spaces for commas, `||` for or.
 * Undefined for anything else.
 */
export function readSpecifier(text: string): VersionTest | undefined {
  if (text.length > LONGEST) return undefined;
  const choices = text.split("||").map(readAll);
  if (choices.includes(undefined)) return undefined;
  return (version) => choices.some((allows) => allows?.(version));
}

/** Specifiers that must all hold, between commas or spaces. */
function readAll(text: string): VersionTest | undefined {
  const joined = text.trim().replace(/([<>=!~^]+)\s+/g, "$1");
  const parts = joined.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length === 0) return undefined;
  const tests = parts.map(readOne);
  if (tests.includes(undefined)) return undefined;
  return (version) => tests.every((allows) => allows?.(version));
}

function readOne(text: string): VersionTest | undefined {
  if (text === "*") return () => true;
  const match = /^(===?|!=|~=|<=?|>=?|\^|~)?v?(\d+(?:\.\d+){0,3})(\.\*)?(?:\.?(?:a|b|rc|dev|post)\d+)?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, operator = "", numbers = "", star] = match;
  const wanted = numbers.split(".").map(Number);
  if (star !== undefined) return readPrefix(operator, wanted);
  const rule = RULES[operator];
  return rule && ((version) => rule(numbersOf(version), wanted));
}

function readPrefix(operator: string, wanted: Numbers): VersionTest | undefined {
  if (operator === "!=") return (version) => !startsWith(numbersOf(version), wanted);
  if (operator === "" || operator === "==") return (version) => startsWith(numbersOf(version), wanted);
  return undefined;
}

type Rule = (version: Numbers, wanted: Numbers) => boolean;

const RULES: Readonly<Record<string, Rule>> = {
  // Of a bare version nobody means 3.11.0 by 3.11.
  "": (version, wanted) => startsWith(version, wanted),
  "==": (version, wanted) => compare(version, wanted) === 0,
  "===": (version, wanted) => compare(version, wanted) === 0,
  "!=": (version, wanted) => compare(version, wanted) !== 0,
  "<": (version, wanted) => compare(version, wanted) < 0,
  "<=": (version, wanted) => compare(version, wanted) <= 0,
  ">": (version, wanted) => compare(version, wanted) > 0,
  ">=": (version, wanted) => compare(version, wanted) >= 0,
  "~=": (version, wanted) => wanted.length > 1 && within(version, wanted, wanted.length - 1),
  "~": (version, wanted) => within(version, wanted, Math.min(2, wanted.length)),
  "^": (version, wanted) => within(version, wanted, 1 + wanted.findIndex((part) => part !== 0)),
};

/** At least `wanted`, and the same in the first `count` numbers. */
function within(version: Numbers, wanted: Numbers, count: number): boolean {
  return compare(version, wanted) >= 0 && startsWith(version, wanted.slice(0, count));
}

function startsWith(version: Numbers, wanted: Numbers): boolean {
  return wanted.every((part, i) => (version[i] ?? 0) === part);
}

function numbersOf(version: string): Numbers {
  return version.split(".").map(Number);
}

function compare(a: Numbers, b: Numbers): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Orders versions written `3.11.2`, older ones first. */
export function compareVersions(a: string, b: string): number {
  return compare(numbersOf(a), numbersOf(b));
}
