/** A release of Go as it is called: `1.25.3`, `1.20` (the first of its line before 1.21), `1.26rc1`. */
export interface GoVersion {
  readonly text: string;
  /** `[1, 25]` */
  readonly line: readonly [number, number];
  /** The patch level: -2 and -1 and so on never occur; betas and candidates are below 0. */
  readonly patch: number;
  /** Whether the patch level is stated: it is not in `1.25`, which names a line. */
  readonly isExact: boolean;
}

/** Reads `1.25`, `go1.25.3` or `1.26rc1` (go.dev/doc/toolchain, "Go versions"); undefined for anything else. */
export function parseGoVersion(text: string): GoVersion | undefined {
  const match = /^(?:go)?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4})|(beta|rc)(\d{1,3}))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, major, minor, patch, stage, number] = match;
  const before = stage === undefined ? undefined : (stage === "beta" ? -2000 : -1000) + Number(number);
  return {
    text: text.trim().replace(/^go/, ""),
    line: [Number(major), Number(minor)],
    patch: before ?? Number(patch ?? 0),
    isExact: patch !== undefined || stage !== undefined,
  };
}

/** Below 0 when `a` is the older one. */
export function compareGo(a: GoVersion, b: GoVersion): number {
  return compareLines(a.line, b.line) || a.patch - b.patch;
}

export function compareLines(a: GoVersion["line"], b: GoVersion["line"]): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** What an app asks for. */
export interface GoRequirement {
  /** In words of the file: `go 1.25.3`. Undefined where nothing is asked for. */
  readonly stated?: string;
  readonly statedIn?: string;
  /** The version to take, or whose line to take. */
  readonly wanted?: GoVersion;
  /** `line`: its newest patch level. `exact`: it, or else the newest of its line. */
  readonly form: "newest" | "line" | "exact";
  /** What the modules' `go` lines demand at least; Go refuses to build them with an older one. */
  readonly least?: GoVersion;
  /** Whether a newer line will do where the wanted one is not to be had, as Go's promise of compatibility says. */
  readonly newerLines: boolean;
}

export interface GoChoice {
  readonly version: string;
  /** What of the wish could not be met. */
  readonly compromise?: "another patch level" | "a newer line";
}

/** The version to take of those a source has, by name; undefined where none fits. */
export function chooseGo(requirement: GoRequirement, available: readonly string[]): GoChoice | undefined {
  const { wanted, least, form } = requirement;
  const known = available.flatMap((text) => parseGoVersion(text) ?? []).sort((a, b) => compareGo(b, a));
  const enough = known.filter((one) => least === undefined || compareGo(one, least) >= 0);
  const released = enough.filter(({ patch }) => patch >= 0);
  if (wanted === undefined) return choice(released[0]);
  const exact = form === "exact" ? enough.find((one) => compareGo(one, wanted) === 0) : undefined;
  if (exact !== undefined) return choice(exact);
  const sameLine = released.find(({ line }) => compareLines(line, wanted.line) === 0);
  if (sameLine !== undefined) return choice(sameLine, form === "exact" ? "another patch level" : undefined);
  if (!requirement.newerLines) return undefined;
  const newer = released.filter(({ line }) => compareLines(line, wanted.line) > 0);
  const nearest = newer.at(-1)?.line;
  return choice(
    newer.find(({ line }) => nearest !== undefined && compareLines(line, nearest) === 0),
    "a newer line",
  );
}

function choice(version: GoVersion | undefined, compromise?: GoChoice["compromise"]): GoChoice | undefined {
  if (version === undefined) return undefined;
  return compromise === undefined ? { version: version.text } : { version: version.text, compromise };
}

/** What to name to whoever asked for something else: the newest of the newest lines, and of the line itself. */
export function goVersionsToOffer(
  requirement: GoRequirement,
  available: readonly string[],
): readonly string[] {
  const known = available
    .flatMap((text) => parseGoVersion(text) ?? [])
    .filter(({ patch }) => patch >= 0)
    .sort((a, b) => compareGo(b, a));
  const newest = known.filter(
    ({ line }, i) => i === 0 || compareLines(line, (known[i - 1] as GoVersion).line) !== 0,
  );
  const near = known.filter(
    ({ line }) => requirement.wanted !== undefined && compareLines(line, requirement.wanted.line) === 0,
  );
  return [...new Set([...near.slice(0, 3), ...newest.slice(0, 6)].map(({ text }) => text))];
}
