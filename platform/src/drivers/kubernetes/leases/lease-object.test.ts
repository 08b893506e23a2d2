import { describe, expect, test } from "vitest";
import { freedLease, heldLease, isFree, type Lease, type LeaseSpec, seeLease } from "./lease-object.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const TIME = "2026-01-02T03:04:05.678000Z";
const EARLIER = "2026-01-01T00:00:00.000000Z";
const place = { namespace: "system", name: "telling", holder: "a" };

function lease(spec: LeaseSpec = {}, resourceVersion = "7"): Lease {
  return {
    ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
    metadata: { name: "telling", namespace: "system", resourceVersion },
    spec,
  };
}

describe("what is seen", () => {
  test("grows old while it is the same version, and is new when it is another", () => {
    const first = seeLease(undefined, lease({}, "1"), 100);
    expect(first.sinceMs).toBe(100);
    const same = seeLease(first, lease({}, "1"), 200);
    expect(same.sinceMs).toBe(100);
    expect(seeLease(same, lease({}, "2"), 300).sinceMs).toBe(300);
  });

  test.each<[string, LeaseSpec, number, boolean]>([
    ["held, new", { holderIdentity: "b", leaseDurationSeconds: 15 }, 0, false],
    ["held, a moment before its end", { holderIdentity: "b", leaseDurationSeconds: 15 }, 14_999, false],
    ["held, at its end", { holderIdentity: "b", leaseDurationSeconds: 15 }, 15_000, true],
    ["held for its own duration", { holderIdentity: "b", leaseDurationSeconds: 60 }, 59_999, false],
    ["held without a duration: ours counts", { holderIdentity: "b" }, 9_999, false],
    ["held without a duration, at its end", { holderIdentity: "b" }, 10_000, true],
    ["given back", { holderIdentity: "", leaseDurationSeconds: 1 }, 0, true],
    ["without a holder", {}, 0, true],
    // Times that another node's clock wrote say nothing.
    [
      "held, written long ago",
      { holderIdentity: "b", leaseDurationSeconds: 15, renewTime: EARLIER },
      1,
      false,
    ],
  ])("%s", (_name, spec, ageMs, wanted) => {
    expect(isFree({ lease: lease(spec), sinceMs: 1_000 }, 1_000 + ageMs, 10)).toBe(wanted);
  });
});

describe("the lease as ours", () => {
  const made = (before: Lease | undefined) => heldLease(place, { before, now: NOW, durationSeconds: 15 });

  test.each<[string, LeaseSpec | undefined, Partial<LeaseSpec>]>([
    ["made", undefined, { acquireTime: TIME, leaseTransitions: 0 }],
    [
      "renewed",
      { holderIdentity: "a", acquireTime: EARLIER, leaseTransitions: 3 },
      { acquireTime: EARLIER, leaseTransitions: 3 },
    ],
    [
      "taken from another",
      { holderIdentity: "b", acquireTime: EARLIER, leaseTransitions: 3 },
      { acquireTime: TIME, leaseTransitions: 4 },
    ],
    [
      "taken after it was given back",
      { holderIdentity: "", acquireTime: EARLIER, leaseTransitions: 3 },
      { acquireTime: TIME, leaseTransitions: 4 },
    ],
    ["edited into nothing", {}, { acquireTime: TIME, leaseTransitions: 1 }],
  ])("%s", (_name, before, wanted) => {
    const ours = made(before && lease(before));
    expect(ours.spec).toEqual({
      ...{ holderIdentity: "a", leaseDurationSeconds: 15, renewTime: TIME },
      ...wanted,
    });
    expect(ours.metadata.resourceVersion).toBe(before && "7");
  });

  test("is an object of its kind, in its place, with our label", () => {
    expect(made(undefined)).toMatchObject({
      ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
      metadata: {
        ...{ name: "telling", namespace: "system" },
        labels: { "app.kubernetes.io/managed-by": "conifer" },
      },
    });
  });

  test("given back is free at once, at the version it had", () => {
    const freed = freedLease(lease({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 2 }));
    expect(freed.metadata.resourceVersion).toBe("7");
    expect(freed.spec).toEqual({ holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 2 });
    expect(isFree({ lease: freed, sinceMs: 0 }, 0, 15)).toBe(true);
  });
});
