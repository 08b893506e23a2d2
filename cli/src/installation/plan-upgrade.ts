/** What installing a version over another would be. */
export type UpgradePlan =
  | { readonly kind: "first" | "again" | "upgrade" | "step back" }
  | { readonly kind: "refused"; readonly why: string };

/**
 * Decides from versions (`1.2.3`). Going back is supported to the version that was there before, and no further: the
 * store's schema moves forward only, and what it moved must still be understood.
 */
export function planUpgrade(
  to: string,
  installed: { readonly current: string | undefined; readonly previous: string | undefined },
): UpgradePlan {
  const { current, previous } = installed;
  if (current === undefined) return { kind: "first" };
  const order = compareVersions(to, current);
  if (order === 0) return { kind: "again" };
  if (order > 0) return { kind: "upgrade" };
  if (previous !== undefined && compareVersions(to, previous) === 0) return { kind: "step back" };
  const allowed = previous ? `version ${previous}` : "no older version";
  return {
    kind: "refused",
    why: `Version ${current} is installed. From there you can go back to ${allowed}, not to ${to}.`,
  };
}

/** Negative when the first is older. Parts after a dash do not count. */
export function compareVersions(one: string, other: string): number {
  const numbers = (version: string) => (version.split("-")[0] ?? "").split(".").map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
