import type { AffectedPackage, RangeEvent } from "./advisory.ts";
import { type CompareVersions, compareSemantic, orderOf } from "./version-order.ts";

/** A package of an image, as advisories are asked about it. */
export interface MatchedPackage {
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
}

/**
 * Whether an advisory touches a version of a package, and if so, the versions that are not touched any more, as far as the
 * advisory names them. It is touched when it is listed, or lies in a range (OSV schema, "Evaluation"). A version that cannot be
 * compared lies in no range.
 */
export function touches(
  { version, qualifiers }: MatchedPackage,
  affected: AffectedPackage,
): { readonly fixed: readonly string[] } | undefined {
  if (!isOfRelease(qualifiers.distro, affected.release)) return undefined;
  const order = orderOf(affected.type);
  let touched = affected.versions.some((one) => one === version || order?.(one, version) === 0);
  const fixed = new Set<string>();
  for (const { type, events } of affected.ranges) {
    const compare = type === "SEMVER" ? compareSemantic : order;
    if (!compare) continue;
    const isIn = isInRange(version, events, compare);
    touched ||= isIn;
    for (const event of events)
      if (event.kind === "fixed" && (compare(event.version, version) ?? 0) > 0) fixed.add(event.version);
  }
  return touched ? { fixed: [...fixed] } : undefined;
}

/** `distro` is a qualifier of package URLs, `debian-12`; an advisory, or a package, that names no release is of all. */
function isOfRelease(distro: string | undefined, release: string | undefined): boolean {
  const known = /^[a-z]+-(\d+)/.exec(distro ?? "")?.[1];
  return release === undefined || known === undefined || release === known;
}

/** All events in the order of their versions: the last one that the version has reached decides. */
function isInRange(version: string, events: readonly RangeEvent[], compare: CompareVersions): boolean {
  if (compare(version, version) === undefined) return false;
  const reached = (event: RangeEvent) =>
    event.kind === "introduced" && event.version === "0" ? 1 : compare(version, event.version);
  const limits = events.filter(({ kind }) => kind === "limit");
  const isBelow = (limit: RangeEvent) => limit.version === "*" || (compare(version, limit.version) ?? 0) < 0;
  if (limits.length > 0 && !limits.some(isBelow)) return false;
  let isTouched = false;
  for (const event of sorted(events, compare)) {
    const difference = reached(event) ?? Number.NEGATIVE_INFINITY;
    if (event.kind === "introduced" && difference >= 0) isTouched = true;
    if (event.kind === "fixed" && difference >= 0) isTouched = false;
    if (event.kind === "last_affected" && difference > 0) isTouched = false;
  }
  return isTouched;
}

function sorted(events: readonly RangeEvent[], compare: CompareVersions): readonly RangeEvent[] {
  const isFirst = ({ kind, version }: RangeEvent) => kind === "introduced" && version === "0";
  return events.toSorted((a, b) => {
    if (isFirst(a) || isFirst(b)) return Number(isFirst(b)) - Number(isFirst(a));
    return compare(a.version, b.version) ?? 0;
  });
}
