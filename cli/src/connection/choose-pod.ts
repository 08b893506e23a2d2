import type { Pod } from "@conifer/platform/kubernetes-client";

/** Of a role's pods the one for the next connection: those that answer take turns. Undefined when none does. */
export function choosePod(pods: readonly Pod[], turn: number): Pod | undefined {
  const ready = pods.filter(isReady).toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  return ready[turn % Math.max(1, ready.length)];
}

function isReady({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp) return false;
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}
