import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { METRICS, type MetricDescription } from "./metric-catalog.ts";
import { metricTable } from "./metric-reference.ts";

const PAGE = join(import.meta.dirname, "../../../../docs/reference/metrics.md");
const all = Object.entries(METRICS) as [string, MetricDescription][];

test("the reference says what the code tells", () => {
  expect(readFileSync(PAGE, "utf8")).toContain(`\n${metricTable()}\n`);
});

/** Labels whose values come from lists in the code. A name or an id of an app would grow without end. */
const BOUNDED = [
  "route",
  "status",
  "code",
  "reconciler",
  "outcome",
  "kind",
  "result",
  "state",
  "cause",
  "reader",
];

describe.each(all)("%s", (name, { type, help, labels, buckets }) => {
  test("is named as Prometheus asks", () => {
    expect(name).toMatch(/^conifer_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(type !== "histogram" || name.endsWith("_seconds")).toBe(true);
  });

  test("has a sentence, and labels of which there are few values", () => {
    expect(help).toMatch(/^[A-Z].*\.$/);
    expect(labels.filter((label) => !BOUNDED.includes(label))).toEqual([]);
  });

  test("has ascending buckets where it is a histogram, and none elsewhere", () => {
    expect(buckets !== undefined).toBe(type === "histogram");
    expect([...(buckets ?? [])].sort((one, other) => one - other)).toEqual([...(buckets ?? [])]);
  });
});
