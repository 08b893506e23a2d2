interface Token {
  readonly prefix: "." | "-";
  readonly value: number | string;
}

/** Known words, oldest first; other words come after them, and numbers after all words. */
const WORDS = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const SAME: Readonly<Record<string, string>> = { cr: "rc", final: "", ga: "", release: "" };
const SHORT: Readonly<Record<string, string>> = { a: "alpha", b: "beta", m: "milestone" };

/** Maven's order (maven.apache.org, "POM Reference", "Version Order Specification"). */
export function compareMaven(a: string, b: string): number | undefined {
  if (!/^\S{1,256}$/.test(a.trim()) || !/^\S{1,256}$/.test(b.trim())) return undefined;
  const [left, right] = [trim(tokensOf(a)), trim(tokensOf(b))];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [x, y] = [left[i] ?? nothing(right[i]), right[i] ?? nothing(left[i])];
    const difference = compareTokens(x, y);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What a version that has ended is taken to go on with, beside the other's next token. */
function nothing(other: Token | undefined): Token {
  const prefix = other?.prefix ?? ".";
  return { prefix, value: prefix === "." && typeof other?.value === "number" ? 0 : "" };
}

/** A change between digits and letters divides as a hyphen does. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let prefix: Token["prefix"] = ".";
  const pieces =
    text
      .trim()
      .toLowerCase()
      .match(/[.\-_]|\d+|[^.\-_\d]+/g) ?? [];
  let last = "";
  for (const [i, piece] of pieces.entries()) {
    const isSeparator = /^[.\-_]$/.test(piece);
    if (isSeparator) {
      if (last === "" || /^[.\-_]$/.test(last)) tokens.push({ prefix, value: 0 });
      prefix = piece === "." ? "." : "-";
    } else {
      if (last !== "" && !/^[.\-_]$/.test(last)) prefix = "-";
      tokens.push({ prefix, value: tokenValue(piece, /^\d/.test(pieces[i + 1] ?? "")) });
    }
    last = piece;
  }
  return tokens;
}

function tokenValue(piece: string, isNumbered: boolean): number | string {
  if (/^\d/.test(piece)) return Number(piece);
  const word = (isNumbered ? SHORT[piece] : undefined) ?? piece;
  return SAME[word] ?? word;
}

/** Zeros and empty words at the end, and before each hyphen, say nothing. */
function trim(tokens: readonly Token[]): Token[] {
  const kept: Token[] = [];
  for (const [i, token] of tokens.entries()) {
    kept.push(token);
    if (tokens[i + 1]?.prefix === ".") continue;
    while (kept.length > 0 && (kept.at(-1)?.value === 0 || kept.at(-1)?.value === "")) kept.pop();
  }
  return kept;
}

/** `.word` = `-word` < `-number` < `.number`. */
function compareTokens(a: Token, b: Token): number {
  const [x, y] = [rankOf(a), rankOf(b)];
  if (x !== y) return x - y;
  if (typeof a.value === "number" && typeof b.value === "number") return a.value - b.value;
  return compareWords(String(a.value), String(b.value));
}

function rankOf({ prefix, value }: Token): number {
  if (typeof value === "string") return 0;
  return prefix === "-" ? 1 : 2;
}

function compareWords(a: string, b: string): number {
  const [x, y] = [WORDS.indexOf(a), WORDS.indexOf(b)];
  if (x >= 0 && y >= 0) return x - y;
  if (x >= 0 || y >= 0) return x >= 0 ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
