import { expect, test } from "vitest";
import { CONTAINER_ID, quotaPod, UID } from "./cgroup-tree-fixtures.ts";
import { readBytes, readQuotaFacts } from "./quota-facts.ts";

test("the facts of a running dyno, under its present name", () => {
  expect(readQuotaFacts(quotaPod({ name: "worker.7" }))).toEqual({
    ...{ uid: UID, appId: "a1", name: "worker.7", containerId: CONTAINER_ID },
    quotaBytes: 536_870_912,
  });
});

test.each([
  ["whose container was not made yet", { containerId: undefined }],
  ["whose container's name is in an unknown form", { containerId: "../../etc" }],
  ["that waits", { state: "waiting" }],
  ["that has ended", { state: "terminated" }],
  ["of no app", { labels: { "conifer.dev/app": "" } }],
  ["that is no dyno", { labels: { "conifer.dev/dyno": "" } }],
  ["without a quota", { memory: "" }],
] as const)("a pod %s has none", (_what, change) => {
  expect(readQuotaFacts(quotaPod(change))).toBeUndefined();
});

test.each([
  ["536870912", 536_870_912],
  ["512Mi", 536_870_912],
  ["1Gi", 2 ** 30],
  ["2.5Gi", 2.5 * 2 ** 30],
  ["512M", 512_000_000],
  ["64k", 64_000],
  ["1e9", 1_000_000_000],
  [1_024, 1_024],
])("%j is %d bytes", (text, bytes) => {
  expect(readBytes(text)).toBe(bytes);
});

test.each([undefined, null, "", "0", "-1", "512mi", "512 Mi", "Mi", "1i", "lots", "100m", {}])(
  "%j is no amount of bytes",
  (text) => {
    expect(readBytes(text)).toBeUndefined();
  },
);
