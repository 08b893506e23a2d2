import { describe, expect, test } from "vitest";
import type { Pod, ReplicaSet } from "../client/index.ts";
import type { AppRecord } from "./app-record.ts";
import { makeDynoSecret, makeDynoSet, readDynoBody } from "./dyno-manifests.ts";
import { type AppObjects, planObjects, type SecretTrace } from "./plan-objects.ts";
import { APP_ID, DYNO_ID, entry, placement, pod, spec } from "./pod-fixtures.ts";

const OTHER = "0b0f4a50-3c6f-4d8e-9d3b-0f6f2c1f9a11";
const DIGEST = "digest";

function trace(change: Partial<SecretTrace> = {}): SecretTrace {
  const secret = makeDynoSecret(spec(), { namespace: placement.namespace, part: "formation", claim: 1 });
  return {
    uid: "secret-uid",
    resourceVersion: "1",
    createdAt: 0,
    part: "formation",
    body: readDynoBody(secret),
    dataDigest: DIGEST,
    leaving: false,
    ...change,
  };
}

function setOf(change: Partial<ReplicaSet> = {}): ReplicaSet {
  const body = trace().body;
  if (!body) throw new Error("no body");
  return { ...makeDynoSet(body, entry(), placement, "secret-uid"), ...change };
}

function record(dynos: AppRecord["dynos"] = [entry()]): AppRecord {
  return { appId: APP_ID, claims: { formation: 1 }, dynos };
}

interface Given {
  readonly record?: AppRecord | undefined;
  readonly secret?: SecretTrace;
  readonly set?: ReplicaSet;
  readonly pods?: readonly Pod[];
}

function objects(given: Given, id = DYNO_ID): AppObjects {
  const one = <T>(value: T | undefined) => new Map(value === undefined ? [] : [[id, value]]);
  return {
    record: "record" in given ? given.record : record(),
    secrets: one(given.secret),
    sets: one(given.set),
    pods: one(given.pods),
  };
}

const TOLD = new Map([[DYNO_ID, { dataDigest: DIGEST }]]);
const leaving = (set: ReplicaSet): ReplicaSet => ({
  ...set,
  metadata: { ...set.metadata, deletionTimestamp: "2026-11-21T08:00:00Z" },
});

describe("what is to be done", () => {
  const whole = { secret: trace(), set: setOf() };
  const scaled = setOf({ spec: { ...setOf().spec, replicas: 3 } });
  const renamed = record([entry({ name: "web.9", releaseVersion: 4 })]);
  const rows: readonly [string, Given, readonly object[]][] = [
    ["nothing, when all is there", whole, []],
    ["nothing, when only the duty is another", { ...whole, record: record([entry({ duty: "warm" })]) }, []],
    ["a Secret first", {}, [{ do: "make-secret", dynoId: DYNO_ID }]],
    ["then a set", { secret: trace() }, [{ do: "make-set", dynoId: DYNO_ID, set: setOf() }]],
    [
      "a set that was scaled is put right",
      { secret: trace(), set: scaled },
      [{ do: "fix-set", set: setOf() }],
    ],
    [
      "a set whose Secret was made anew gets its new owner",
      { secret: trace({ uid: "new" }), set: setOf() },
      [{ do: "fix-set", set: { metadata: { ownerReferences: [{ uid: "new" }] } } }],
    ],
    ["a set on its way out is waited for", { secret: trace(), set: leaving(setOf()) }, []],
    ["a Secret on its way out is waited for", { ...whole, secret: trace({ leaving: true }) }, []],
    [
      "config that somebody changed is put right",
      { ...whole, secret: trace({ dataDigest: "other" }) },
      [{ do: "fix-secret", dynoId: DYNO_ID }],
    ],
    [
      "a Secret that somebody emptied is put right before anything else",
      { secret: trace({ body: undefined }), set: setOf() },
      [{ do: "fix-secret", dynoId: DYNO_ID }],
    ],
    [
      "another name goes to the set and to the pod that runs",
      { ...whole, record: renamed, pods: [pod()] },
      [
        { do: "fix-set" },
        {
          do: "title-pod",
          pod: pod().metadata.name,
          patch: {
            metadata: {
              labels: { "conifer.dev/name": "web.9", "conifer.dev/release": "v4" },
              annotations: { "conifer.dev/name": "web.9" },
            },
          },
        },
      ],
    ],
    [
      "a dyno that is no longer wanted goes",
      { ...whole, record: record([]) },
      [{ do: "remove-dyno", dynoId: DYNO_ID }],
    ],
    [
      "so does one of which only the set is left",
      { set: setOf(), record: record([]) },
      [{ do: "remove-dyno", dynoId: DYNO_ID }],
    ],
    ["one that is going already is left to go", { set: leaving(setOf()), record: record([]) }, []],
    ["one-off dynos are not the formation's", { secret: trace({ part: "one-off" }), record: record([]) }, []],
    ["without a record nothing is touched", { ...whole, record: undefined }, []],
  ];

  test.each(rows)("%s", (_what, given, expected) => {
    const plan = planObjects(objects(given), TOLD, placement);
    expect(plan).toMatchObject(expected);
    expect(plan).toHaveLength(expected.length);
  });

  test("a Secret that nobody here was told of cannot be made; the control plane will say it again", () => {
    expect(planObjects(objects({}), new Map(), placement)).toEqual([]);
  });

  test("config is not judged where nobody here was told what it should be", () => {
    const given = { secret: trace({ dataDigest: "other" }), set: setOf() };
    expect(planObjects(objects(given), new Map(), placement)).toEqual([]);
  });

  test("a pod that goes is not renamed", () => {
    const going = pod();
    const gone = { ...going, metadata: { ...going.metadata, deletionTimestamp: "2026-11-21T08:00:00Z" } };
    const given = { ...whole, record: renamed, pods: [gone] };
    expect(planObjects(objects(given), TOLD, placement).map((action) => action.do)).toEqual(["fix-set"]);
  });

  test("each dyno is planned by itself", () => {
    const both = record([entry(), entry({ id: OTHER, name: "web.2" })]);
    const told = new Map([...TOLD, [OTHER, { dataDigest: DIGEST }]]);
    expect(planObjects(objects({ ...whole, record: both }), told, placement)).toEqual([
      { do: "make-secret", dynoId: OTHER },
    ]);
  });
});
