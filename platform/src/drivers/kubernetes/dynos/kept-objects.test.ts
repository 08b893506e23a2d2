import { expect, test } from "vitest";
import type { Pod } from "../client/index.ts";
import { LABEL } from "./dyno-labels.ts";
import { digestOfData, makeDynoSet } from "./dyno-manifests.ts";
import { keptObject, keptPod, keptSecret, keptSet } from "./kept-objects.ts";
import { avoidNodes, podsToReplace } from "./lost-pods.ts";
import { holdsAll } from "./object-subset.ts";
import { entry, placement, pod, spec, terminated } from "./pod-fixtures.ts";
import { readPodRun } from "./pod-run.ts";

const trail = { managedFields: [{ manager: "kubelet", fieldsV1: { "f:status": {} } }] };
const leaving = { deletionTimestamp: "2026-11-21T08:00:30Z" };

test.each<[string, Pod]>([
  ["runs", pod({ state: { running: { startedAt: "2026-11-21T08:00:01Z" } }, started: true })],
  ["goes", { ...pod(), metadata: { ...pod().metadata, ...leaving } }],
  ["has ended", pod({ state: { terminated: terminated(3) }, restartCount: 2 })],
  ["was evicted", pod({}, { status: { phase: "Failed", reason: "Evicted", message: "too much" } })],
  ["has no status", pod({}, { status: undefined })],
])("a kept pod that %s reads as before", (_what, whole) => {
  const told = { ...whole, metadata: { ...whole.metadata, ...trail } };
  const kept = keptPod({ ...told, spec: { ...told.spec, containers: [{ name: "dyno" }], volumes: [] } });
  expect(readPodRun(kept)).toEqual(readPodRun(whole));
  expect(kept).toEqual({ ...whole, status: whole.status });
});

test("of a Secret nothing is kept of what it holds, and once it is kept it stays so", () => {
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", uid: "u", resourceVersion: "7", labels: { [LABEL.part]: "formation" }, ...trail },
    data: { PASSWORD: Buffer.from("hunter2").toString("base64") },
  };
  const kept = keptSecret(secret);
  expect(JSON.stringify(kept)).not.toMatch(/managedFields|PASSWORD|aHVudGVyMg/);
  expect(kept.trace).toMatchObject({
    ...{ uid: "u", resourceVersion: "7", part: "formation", leaving: false },
    dataDigest: digestOfData(secret.data),
  });
  expect(keptObject(kept)).toBe(kept);
});

test("a kept pod still tells which nodes it keeps off", () => {
  const patch = avoidNodes(new Set(["node2"])) as { spec: { template: { spec: object } } };
  const away = pod({}, { spec: { ...patch.spec.template.spec } });
  expect(podsToReplace([keptPod(away)], new Set())).toHaveLength(1);
});

test("a kept set is compared with what it should be, and says why it has no pod", () => {
  const { env: _env, duty: _duty, ...body } = spec();
  const should = makeDynoSet(body, entry(), placement, "uid");
  const conditions = [{ type: "ReplicaFailure", status: "True", message: "exceeded quota" }];
  const kept = keptSet({
    ...should,
    metadata: { ...should.metadata, ...trail },
    status: { conditions, ...{ replicas: 1, observedGeneration: 4 } },
  });
  expect(holdsAll(kept, should)).toBe(true);
  expect(kept).toEqual({ ...should, status: { conditions } });
});
