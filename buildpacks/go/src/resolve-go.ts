import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import type { GoArchive, GoSource } from "./go-sources.ts";
import { chooseGo, type GoChoice, type GoRequirement, goVersionsToOffer } from "./go-version.ts";

export interface ResolvedGo extends GoChoice {
  /** Name of the source that has it. */
  readonly from: string;
}

/**
 * Asks the sources in order for a version that fits. The first that has the very one decides; when none has, the
 * first that has one near it. A source that cannot be reached is passed over with a line in the log. Throws a
 * BuildFailure that lists the versions that are to be had.
 */
export async function resolveGo(
  requirement: GoRequirement,
  sources: readonly GoSource[],
  note: (line: string) => void,
): Promise<ResolvedGo> {
  const asked = requirement.form === "exact" ? requirement.wanted?.text : undefined;
  const lines: string[] = [];
  let near: ResolvedGo | undefined;
  let reached = false;
  for (const source of sources) {
    try {
      const available = await source.versions(asked);
      reached = true;
      const chosen = chooseGo(requirement, available);
      if (chosen !== undefined && chosen.compromise === undefined) return { ...chosen, from: source.name };
      if (chosen !== undefined) near ??= { ...chosen, from: source.name };
      lines.push(`  ${source.name} has ${goVersionsToOffer(requirement, available).join(", ") || "none"}.`);
    } catch (thrown) {
      lines.push(`  ${source.name} could not be asked: ${reasonOf(thrown)}.`);
      note(`Passing over ${source.name}: ${reasonOf(thrown)}.`);
    }
  }
  if (near !== undefined) return near;
  throw reached ? nothingFits(requirement, lines) : noneReached(lines);
}

function noneReached(lines: readonly string[]): BuildFailure {
  return new BuildFailure(["No source of Go could be reached.", ...lines].join("\n"), [
    "Try again later. The operator can name a mirror in CONIFER_RUNTIME_SOURCES: go=<URL>",
  ]);
}

function nothingFits(requirement: GoRequirement, lines: readonly string[]): BuildFailure {
  const { stated = "Go", statedIn, least, wanted } = requirement;
  const where = statedIn === undefined ? "" : ` (${statedIn})`;
  const demand =
    least !== undefined && least !== wanted ? [`  The go line demands Go ${least.text} at least.`] : [];
  return new BuildFailure([`${stated}${where} is not to be had.`, ...demand, ...lines].join("\n"), [
    "Ask for one of them by the go line of go.mod, for example:",
    "  go mod edit -go=1.25",
  ]);
}

/** Fetches the toolchain of a version from the first source that can give it, and lets `take` have it. */
export async function fetchGo(
  version: string,
  sources: readonly GoSource[],
  take: (archive: GoArchive) => Promise<void>,
): Promise<void> {
  const reasons: string[] = [];
  for (const source of sources) {
    try {
      return await take(await source.fetch(version));
    } catch (thrown) {
      reasons.push(`  ${source.name}: ${reasonOf(thrown)}.`);
    }
  }
  throw new BuildFailure([`Go ${version} could not be fetched.`, ...reasons].join("\n"), [
    "Push again to repeat the build. A hash that differs means a broken mirror or proxy; tell the operator.",
  ]);
}
