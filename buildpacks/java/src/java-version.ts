/** A version of Java: `17`, `17.0.9`; `1.8` and `1.8.0_392` as they were written before 9. */
export interface JavaVersion {
  readonly text: string;
  /** The numbers in today's order, the feature first: [17, 0, 9], [8, 0, 392]. */
  readonly parts: readonly number[];
}

/** Reads a version, with a vendor before it (`openjdk-17`, `zulu-17.0.9`) or a build behind it; undefined for anything else. */
export function parseJavaVersion(text: string): JavaVersion | undefined {
  const match = /^(?:[a-z]+-)?(\d{1,4}(?:\.\d{1,6}){0,3})(?:[_u](\d{1,6}))?(?:[+-].*)?$/i.exec(text.trim());
  const numbers = match?.[1]?.split(".").map(Number);
  if (!match || numbers === undefined) return undefined;
  const update = match[2] === undefined ? [] : [Number(match[2])];
  const old = numbers[0] === 1 && numbers.length > 1;
  const parts = old ? [...numbers.slice(1), ...update] : [...numbers, ...update];
  return {
    text: text.trim(),
    parts: old && update.length > 0 && parts.length === 2 ? [parts[0] ?? 0, 0, ...update] : parts,
  };
}

export const featureOf = ({ parts }: JavaVersion): number => parts[0] ?? 0;

/** Below 0 when `a` is the older one; what is not stated counts as 0. */
export function compareJava(a: JavaVersion, b: JavaVersion): number {
  for (let i = 0; i < Math.max(a.parts.length, b.parts.length); i++) {
    const difference = (a.parts[i] ?? 0) - (b.parts[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The lines with long-term support: 8, 11, 17, and every fourth from 21 on. */
export function isLongTerm(feature: number): boolean {
  return feature === 8 || feature === 11 || feature === 17 || (feature >= 21 && (feature - 21) % 4 === 0);
}

/** What an app asks for. */
export interface JavaRequirement {
  /** Undefined where nothing is asked for. */
  readonly wanted?: JavaVersion;
  readonly statedIn?: string;
  /** Whether a newer line will do: a compiler's level is met by any newer JDK, a named runtime is not. */
  readonly newerLines: boolean;
}

export interface JavaStatements {
  /** The text of `system.properties`. */
  readonly systemProperties?: string;
  /** The text of `.java-version`. */
  readonly versionFile?: string;
  readonly pom?: string;
  /** The text of `build.gradle` or `build.gradle.kts`. */
  readonly gradle?: string;
}

export type JavaRequirementResult =
  | { readonly ok: true; readonly requirement: JavaRequirement }
  | { readonly ok: false; readonly text: string; readonly statedIn: string };

/**
 * What an app asks for: `java.runtime.version` in system.properties as on Heroku, else `.java-version`, else the level
 * that Maven or Gradle compile for.
 */
export function javaRequirement(stated: JavaStatements): JavaRequirementResult {
  const named = [
    {
      text: propertyOf(stated.systemProperties, "java.runtime.version"),
      statedIn: "java.runtime.version in system.properties",
    },
    { text: stated.versionFile?.trim().split(/\s/)[0], statedIn: ".java-version" },
  ];
  for (const { text, statedIn } of named) {
    if (text === undefined || text === "") continue;
    const wanted = parseJavaVersion(text);
    if (wanted === undefined) return { ok: false, text, statedIn };
    return { ok: true, requirement: { wanted, statedIn, newerLines: false } };
  }
  const level = mavenLevel(stated.pom) ?? gradleLevel(stated.gradle);
  const wanted = level && parseJavaVersion(level.text);
  if (!level || !wanted) return { ok: true, requirement: { newerLines: true } };
  return { ok: true, requirement: { wanted, statedIn: level.statedIn, newerLines: true } };
}

/** A value of a Java properties file (`key=value`, `key: value`); undefined where it is not there. */
export function propertyOf(text: string | undefined, name: string): string | undefined {
  for (const line of text?.split(/\r?\n/) ?? []) {
    const [, key, value] = /^\s*([^#!=:\s]+)\s*[=:\s]\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === name && value) return value;
  }
  return undefined;
}

interface Level {
  readonly text: string;
  readonly statedIn: string;
}

function mavenLevel(pom: string | undefined): Level | undefined {
  const text = pom?.replace(/<!--[\s\S]*?-->/g, "");
  for (const name of [
    "maven.compiler.release",
    "java.version",
    "maven.compiler.target",
    "maven.compiler.source",
  ]) {
    const found = new RegExp(`<${name.replaceAll(".", "\\.")}>\\s*([\\d.]+)\\s*</`).exec(text ?? "")?.[1];
    if (found !== undefined) return { text: found, statedIn: `${name} in pom.xml` };
  }
  return undefined;
}

function gradleLevel(build: string | undefined): Level | undefined {
  const toolchain = /JavaLanguageVersion\.of\(\s*["']?(\d+)/.exec(build ?? "")?.[1];
  if (toolchain !== undefined) return { text: toolchain, statedIn: "the toolchain of build.gradle" };
  const level = /(?:source|target)Compatibility\s*=\s*["']?(?:JavaVersion\.VERSION_)?([\d._]+)/.exec(
    build ?? "",
  )?.[1];
  return level === undefined
    ? undefined
    : { text: level.replaceAll("_", "."), statedIn: "sourceCompatibility in build.gradle" };
}

export type Fit = "exact" | "another patch level" | "a newer line";

/**
 * The one to take of those there are: for an exact version that one; for a line, or for nothing, its newest. `fit`
 * says how well it meets the wish: near ones are taken only where no source has better.
 */
export function chooseJava<T extends { readonly version: JavaVersion }>(
  { wanted, newerLines }: JavaRequirement,
  available: readonly T[],
): { readonly java: T; readonly fit: Fit } | undefined {
  const newest = [...available].sort((a, b) => compareJava(b.version, a.version));
  if (wanted === undefined) {
    const java = newest.find(({ version }) => isLongTerm(featureOf(version))) ?? newest[0];
    return java && { java, fit: "exact" };
  }
  const exact = newest.find(({ version }) =>
    wanted.parts.every((part, i) => part === (version.parts[i] ?? 0)),
  );
  if (exact) return { java: exact, fit: "exact" };
  const line = newest.find(({ version }) => featureOf(version) === featureOf(wanted));
  if (line) return { java: line, fit: newerLines ? "exact" : "another patch level" };
  const newer = newest.filter(({ version }) => featureOf(version) > featureOf(wanted));
  const nearest = newer.at(-1);
  const java = nearest && newer.find(({ version }) => featureOf(version) === featureOf(nearest.version));
  return newerLines && java ? { java, fit: "a newer line" } : undefined;
}
