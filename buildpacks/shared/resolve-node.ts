import { BuildFailure, reasonOf } from "./build-failure.ts";
import type { NodeSource } from "./node-sources.ts";
import { chooseVersion, type NodeRequirement, versionsToOffer } from "./node-version.ts";
import type { Fetcher } from "./verified-download.ts";

export interface ResolvedNode {
  readonly version: string;
  /** Name of the source that has it. */
  readonly from: string;
}

/** What a source said that was of no use. */
type Refusal =
  | { readonly kind: "unreachable"; readonly source: string; readonly reason: string }
  | { readonly kind: "no version fits"; readonly source: string; readonly offers: readonly string[] };

/**
 * Asks the sources in order for a version that fits; the first that has one decides. A source that cannot be reached
 * is passed over with a line in the log. Throws a BuildFailure that lists the versions that are to be had.
 */
export async function resolveNode(
  requirement: NodeRequirement,
  sources: readonly NodeSource[],
  note: (line: string) => void,
): Promise<ResolvedNode> {
  const refusals: Refusal[] = [];
  for (const source of sources) {
    try {
      const available = await source.versions();
      const version = chooseVersion(requirement.range, available);
      if (version !== undefined) return { version, from: source.name };
      const offers = versionsToOffer(requirement.range, available);
      refusals.push({ kind: "no version fits", source: source.name, offers });
    } catch (thrown) {
      refusals.push({ kind: "unreachable", source: source.name, reason: reasonOf(thrown) });
      note(`Passing over ${source.name}: ${reasonOf(thrown)}.`);
    }
  }
  throw nothingFits(requirement, refusals);
}

function nothingFits(requirement: NodeRequirement, refusals: readonly Refusal[]): BuildFailure {
  const lines = refusals.map((refusal) =>
    refusal.kind === "unreachable"
      ? `  ${refusal.source} could not be asked: ${refusal.reason}.`
      : `  ${refusal.source} has ${refusal.offers.join(", ")} and others.`,
  );
  if (refusals.every((refusal) => refusal.kind === "unreachable")) {
    return new BuildFailure(["No source of Node.js could be reached.", ...lines].join("\n"), [
      "Try again later. The operator can name a mirror in CONIFER_RUNTIME_SOURCES.",
    ]);
  }
  const where = requirement.statedIn ?? "the default";
  return new BuildFailure([`No Node.js version fits ${requirement.range} (${where}).`, ...lines].join("\n"), [
    "Ask for one of them, for example in package.json:",
    '  "engines": { "node": "24.x" }',
  ]);
}

/** Fetches the archive of a version from the first source that can give it. */
export async function fetchNodeArchive(
  version: string,
  sources: readonly NodeSource[],
  fetcher: Fetcher,
): Promise<string> {
  const reasons: string[] = [];
  for (const source of sources) {
    try {
      return await fetcher.file(await source.locate(version));
    } catch (thrown) {
      reasons.push(`  ${source.name}: ${reasonOf(thrown)}.`);
    }
  }
  throw new BuildFailure([`Node.js ${version} could not be fetched.`, ...reasons].join("\n"), [
    "Push again to repeat the build. A checksum that differs means a broken mirror or proxy; tell the operator.",
  ]);
}
