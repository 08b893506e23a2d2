import { major, maxSatisfying, prerelease, rsort, satisfies, validRange } from "semver";

/** The line of Node.js that an app gets when it does not say, and that is preferred when its range allows. */
export const DEFAULT_NODE_LINE = "24.x";

/** Names of the long-term lines, as `.nvmrc` may use them. */
const LINE_NAMES: Readonly<Record<string, string>> = {
  argon: "4.x",
  boron: "6.x",
  carbon: "8.x",
  dubnium: "10.x",
  erbium: "12.x",
  fermium: "14.x",
  gallium: "16.x",
  hydrogen: "18.x",
  iron: "20.x",
  jod: "22.x",
  krypton: "24.x",
};

/** Which Node.js an app wants, and where it says so. */
export interface NodeRequirement {
  readonly range: string;
  /** For the log: `engines.node in package.json`; undefined when the app does not say. */
  readonly statedIn?: string;
  /** Statements that say something else and do not count, for the log: `.nvmrc (20)`. */
  readonly passedOver?: readonly string[];
}

export interface NodeStatements {
  readonly engines?: string | undefined;
  /** `volta.node` of package.json, always an exact version. */
  readonly volta?: string | undefined;
  readonly nvmrc?: string | undefined;
  readonly nodeVersionFile?: string | undefined;
}

export type RequirementResult =
  | { readonly ok: true; readonly requirement: NodeRequirement }
  | { readonly ok: false; readonly statedIn: string; readonly text: string };

/** The first statement wins: `engines.node`, `volta.node`, `.nvmrc`, `.node-version`; without any, the default line. */
export function nodeRequirement(stated: NodeStatements): RequirementResult {
  const places = [
    { text: stated.engines, statedIn: "engines.node in package.json" },
    { text: stated.volta, statedIn: "volta.node in package.json" },
    { text: firstLine(stated.nvmrc), statedIn: ".nvmrc" },
    { text: firstLine(stated.nodeVersionFile), statedIn: ".node-version" },
  ];
  const said = places.flatMap(({ text, statedIn }) =>
    text?.trim() ? [{ text: text.trim(), statedIn }] : [],
  );
  const [first, ...others] = said;
  if (first !== undefined) {
    const { text, statedIn } = first;
    const range = readRange(text);
    if (range === null) return { ok: false, statedIn, text };
    const passedOver = others
      .filter((other) => readRange(other.text) !== range)
      .map((other) => `${other.statedIn} (${other.text})`);
    return { ok: true, requirement: { range, statedIn, ...(passedOver.length > 0 ? { passedOver } : {}) } };
  }
  return { ok: true, requirement: { range: DEFAULT_NODE_LINE } };
}

/** Comments (`#`) and blank lines of a version file do not count. */
function firstLine(text: string | undefined): string | undefined {
  return text
    ?.split(/\r?\n/)
    .map((line) => line.replace(/#.*/, "").trim())
    .find((line) => line !== "");
}

function readRange(text: string): string | null {
  const name = text.toLowerCase();
  if (name === "lts/*" || name === "lts" || name === "stable") return DEFAULT_NODE_LINE;
  if (name === "node" || name === "latest" || name === "current") return "*";
  const line = LINE_NAMES[name.replace(/^lts\//, "")];
  if (line !== undefined) return line;
  const range = text.replace(/^node-?/i, "");
  return validRange(range) === null ? null : range;
}

/**
 * The version to take: the newest of the default line when the range allows that line at all (an open range such as
 * `>=18` should not move an app to a line that is younger than its long-term support), else the newest that fits.
 */
export function chooseVersion(range: string, available: readonly string[]): string | undefined {
  const inDefaultLine = available.filter((version) => satisfies(version, DEFAULT_NODE_LINE));
  const pinned = maxSatisfying(inDefaultLine, range) ?? maxSatisfying(available, range);
  return pinned ?? undefined;
}

/**
 * What to offer when no version fits: the newest of each line, newest line first, and, when the range names a line
 * that exists, the newest few of that line.
 */
export function versionsToOffer(range: string, available: readonly string[], limit = 6): readonly string[] {
  const sorted = rsort(available.filter((version) => prerelease(version) === null));
  const named = /(\d+)\./.exec(range)?.[1];
  const sameLine = sorted.filter((version) => String(major(version)) === named);
  if (sameLine.length > 0) return sameLine.slice(0, limit);
  const newest = new Map<number, string>();
  for (const version of sorted) if (!newest.has(major(version))) newest.set(major(version), version);
  return [...newest.values()].slice(0, limit);
}
