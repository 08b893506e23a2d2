import type { KubeKind, KubeObject } from "../client/index.ts";

export const LEASE_KIND: KubeKind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases" };

/** Who may do something alone, and until when. (Kubernetes API, coordination.k8s.io/v1) */
export interface Lease extends KubeObject {
  readonly spec: LeaseSpec;
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds, by the holder's clock. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** How often the holder has changed. */
  readonly leaseTransitions?: number;
}

/** A lease as it was seen last, and since when, by our own clock: clocks of different nodes are never compared. */
export interface SeenLease {
  readonly lease: Lease;
  readonly sinceMs: number;
}

/** What was seen, after the lease was read again. An unchanged one grows old. */
export function seeLease(before: SeenLease | undefined, lease: Lease, nowMs: number): SeenLease {
  const isSame = before?.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
  return before && isSame ? before : { lease, sinceMs: nowMs };
}

/** Whether the holder has not renewed it for its whole duration, or has given it back. */
export function isFree({ lease, sinceMs }: SeenLease, nowMs: number, durationSeconds: number): boolean {
  const { holderIdentity, leaseDurationSeconds = durationSeconds } = lease.spec;
  return !holderIdentity || nowMs - sinceMs >= leaseDurationSeconds * 1_000;
}

/** The lease with us as its holder; renewed when we are that already. */
export function heldLease(
  place: { readonly namespace: string; readonly name: string; readonly holder: string },
  given: { readonly before: Lease | undefined; readonly now: Date; readonly durationSeconds: number },
): Lease {
  const { before, now, durationSeconds } = given;
  const time = now.toISOString().replace("Z", "000Z");
  const renews = before?.spec.holderIdentity === place.holder;
  return {
    apiVersion: LEASE_KIND.apiVersion,
    kind: LEASE_KIND.kind,
    metadata: {
      name: place.name,
      namespace: place.namespace,
      labels: { "app.kubernetes.io/managed-by": "conifer" },
      ...(before?.metadata.resourceVersion ? { resourceVersion: before.metadata.resourceVersion } : {}),
    },
    spec: {
      holderIdentity: place.holder,
      leaseDurationSeconds: durationSeconds,
      acquireTime: renews ? (before?.spec.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: (before?.spec.leaseTransitions ?? 0) + (before && !renews ? 1 : 0),
    },
  };
}

/** Given back: the next one need not wait. */
export function freedLease(lease: Lease): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 } };
}
