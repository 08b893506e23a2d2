import { describe, expect, test } from "vitest";
import type { Pod } from "../client/index.ts";
import type { AppRecord } from "./app-record.ts";
import { dynoLabels } from "./dyno-labels.ts";
import { dynoPort } from "./dyno-manifests.ts";
import { gatherSights } from "./gather-sights.ts";
import type { AppObjects, SecretTrace } from "./plan-objects.ts";
import { APP_ID, DYNO_ID, entry, pod, sight, spec } from "./pod-fixtures.ts";

function objects(change: Partial<AppObjects> = {}): AppObjects {
  return { record: undefined, secrets: new Map(), sets: new Map(), pods: new Map(), ...change };
}

const record = (dynos: AppRecord["dynos"] = [entry()]): AppRecord => ({ appId: APP_ID, claims: {}, dynos });
const { env: _, duty: __, ...body } = spec();

function secrets(part: string, change: Partial<SecretTrace> = {}) {
  const trace = {
    ...{ uid: "u", resourceVersion: "1", createdAt: 0, part, body, dataDigest: "", leaving: false },
    ...change,
  };
  return new Map([[DYNO_ID, trace]]);
}

const pods = (...list: Pod[]) => new Map([[DYNO_ID, list]]);
const nobody = () => undefined;
const running = (started: boolean) =>
  pod({ started, state: { running: { startedAt: "2026-11-21T08:00:01Z" } } });

describe("dynos are gathered", () => {
  test("from the record as soon as it is written, with what was told of them", () => {
    const [found] = gatherSights({ known: [], objects: objects({ record: record() }), told: () => body });
    expect(found).toMatchObject({
      entry: entry(),
      wanted: true,
      oneOff: false,
      displayCommand: "npm start",
      bootSeconds: 60,
      stopSeconds: 30,
      port: dynoPort(DYNO_ID),
      runs: [],
    });
  });

  test("from the record and the Secret, by a driver that was told nothing", () => {
    const given = objects({ record: record([entry({ duty: "warm" })]), secrets: secrets("formation") });
    const [found] = gatherSights({ known: [], objects: given, told: nobody });
    expect(found).toMatchObject({ entry: { duty: "warm" }, displayCommand: "npm start", wanted: true });
  });

  test("once their Secret is there, by who must say how they are run; one that runs had it", () => {
    const given = { record: record(), pods: pods(pod({ state: { waiting: {} } })) };
    const gather = (of: AppObjects) =>
      gatherSights({ known: [], objects: of, told: nobody, needsBody: true });
    expect(gather(objects(given))).toEqual([]);
    const [found] = gather(objects({ ...given, secrets: secrets("formation") }));
    expect(found).toMatchObject({ displayCommand: "npm start" });
    expect(gather(objects({ ...given, pods: pods(running(true)) }))).toMatchObject([{ displayCommand: "" }]);
  });

  test("from Secrets when the record is lost: what runs goes on, and web dynos serve", () => {
    const given = objects({ secrets: secrets("formation"), pods: pods(running(true)) });
    const [found] = gatherSights({ known: [], objects: given, told: nobody });
    expect(found).toMatchObject({ entry: { duty: "serve", name: "web.1" }, wanted: true });
  });

  test.each<[string, string, string | undefined]>([
    ["while the cluster refuses", "True", "exceeded quota"],
    ["after it has refused", "False", undefined],
  ])("with why there is no pod of them, %s one", (_when, status, refused) => {
    const conditions = [
      { type: "ReplicaFailure", status, reason: "FailedCreate", message: "exceeded quota" },
    ];
    const set = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "dyno" }, spec: {} };
    const sets = new Map([[DYNO_ID, { ...set, status: { conditions } }]]);
    const given = objects({ record: record(), secrets: secrets("formation"), sets });
    expect(gatherSights({ known: [], objects: given, told: nobody })[0]?.refused).toBe(refused);
  });

  test("from a pod alone, which is on its way out", () => {
    const given = objects({ record: record([]), pods: pods(running(true)) });
    const [found] = gatherSights({ known: [], objects: given, told: nobody });
    expect(found).toMatchObject({
      entry: { id: DYNO_ID, appId: APP_ID, name: "web.1", type: "web", releaseVersion: 3, duty: "serve" },
      wanted: false,
    });
  });

  test("no longer wanted, but known, until the board lets go", () => {
    const known = [{ sight: sight() }];
    const [found] = gatherSights({ known, objects: objects({ record: record([]) }), told: nobody });
    expect(found).toMatchObject({ wanted: false, runs: [], displayCommand: "npm start" });
  });

  test("not from a Secret that is left over", () => {
    const given = objects({ record: record([]), secrets: secrets("formation") });
    expect(gatherSights({ known: [], objects: given, told: nobody })).toEqual([]);
  });

  test("not from a pod without our labels", () => {
    const { metadata, ...rest } = running(true);
    const bare = { ...rest, metadata: { name: metadata.name } };
    expect(gatherSights({ known: [], objects: objects({ pods: pods(bare) }), told: nobody })).toEqual([]);
  });
});

describe("one-off dynos", () => {
  const oneOff = (change: Partial<Pod["metadata"]> = {}) => {
    const base = running(false);
    const labels = { ...base.metadata.labels, ...dynoLabels(spec(), "one-off") };
    return { ...base, metadata: { ...base.metadata, labels, ...change } };
  };

  test("are told by their Secret or their pod, whatever the record says", () => {
    const bySecret = objects({ record: record([]), secrets: secrets("one-off"), pods: pods(running(false)) });
    const byPod = objects({ record: record([]), pods: pods(oneOff()) });
    for (const given of [bySecret, byPod])
      expect(gatherSights({ known: [], objects: given, told: nobody })).toMatchObject([
        { oneOff: true, wanted: true },
      ]);
  });

  test("are no dyno before their pod is made", () => {
    const given = objects({ secrets: secrets("one-off") });
    expect(gatherSights({ known: [], objects: given, told: nobody })).toEqual([]);
  });

  test("are not wanted once their pod was told to go", () => {
    const given = objects({ pods: pods(oneOff({ deletionTimestamp: "2026-11-21T08:01:00Z" })) });
    expect(gatherSights({ known: [], objects: given, told: nobody })).toMatchObject([{ wanted: false }]);
  });
});

describe("what was learned of a pod's runs", () => {
  const known = [
    {
      sight: sight({
        listening: new Set(["pod-1/0", "old/3"]),
        timedOut: new Set(["old/3", "pod-1/2"]),
        unpulled: new Set(["old", "pod-1"]),
      }),
    },
  ];

  test("is kept while the pod is there, and forgotten with it", () => {
    const given = objects({ record: record(), pods: pods(running(false)) });
    const [found] = gatherSights({ known, objects: given, told: nobody });
    expect([...(found?.listening ?? [])]).toEqual(["pod-1/0"]);
    expect([...(found?.timedOut ?? [])]).toEqual(["pod-1/2"]);
    expect([...(found?.unpulled ?? [])]).toEqual(["pod-1"]);
  });

  test("also comes from the node, which asks for the port, too", () => {
    const given = objects({ record: record(), pods: pods(running(true)) });
    const [found] = gatherSights({ known: [], objects: given, told: nobody });
    expect([...(found?.listening ?? [])]).toEqual(["pod-1/0"]);
  });
});
