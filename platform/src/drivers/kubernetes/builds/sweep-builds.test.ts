import { describe, expect, it } from "vitest";
import { KIND, type Secret } from "../client/index.ts";
import { CANCELLED } from "./build-labels.ts";
import { podOf } from "./build-pod-fixtures.ts";
import { planSecrets, planSweep } from "./sweep-builds.ts";

const NOW = new Date("2026-01-01T01:00:00Z");
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();
const sweep = { kept: 2, keptMs: 30 * 60_000 };

const pod = (name: string, phase: string, endedMinutesAgo: number, more: object = {}) =>
  podOf(
    { deliver: { exitCode: 0, finishedAt: minutesAgo(endedMinutesAgo) } },
    {
      metadata: { name, creationTimestamp: minutesAgo(50), ...more },
      status: { phase },
      spec: { nodeName: "one" },
    },
  );

describe("pods that are removed", () => {
  it("are those of ended builds, beyond so many and so old", () => {
    const pods = [
      ...[pod("old", "Succeeded", 31), pod("third", "Failed", 20), pod("second", "Succeeded", 10)],
      ...[pod("first", "Failed", 1), pod("running", "Running", 40)],
    ];
    expect(planSweep(pods, NOW, sweep).map(({ metadata }) => metadata.name)).toEqual(["third", "old"]);
    expect(planSweep(pods, NOW, { ...sweep, kept: 9 }).map(({ metadata }) => metadata.name)).toEqual(["old"]);
  });

  it("are cancelled ones that no node ever had", () => {
    const annotations = { [CANCELLED]: "yes" };
    const waiting = podOf({}, { metadata: { annotations, creationTimestamp: minutesAgo(50) }, spec: {} });
    expect(planSweep([waiting], NOW, sweep)).toEqual([waiting]);
    expect(planSweep([pod("ends soon", "Running", 50, { annotations })], NOW, sweep)).toEqual([]);
  });
});

describe("what pods were told", () => {
  const secret = (name: string, age: number): Secret => ({
    ...{ apiVersion: KIND.secret.apiVersion, kind: KIND.secret.kind },
    metadata: { name, creationTimestamp: minutesAgo(age) },
  });

  it("is removed when its pod has ended or is gone, and not before there can be one", () => {
    const pods = [pod("ended", "Failed", 1), pod("running", "Running", 0)];
    const secrets = [secret("ended", 50), secret("running", 50), secret("gone", 3), secret("new", 1)];
    expect(planSecrets(secrets, pods, NOW).map(({ metadata }) => metadata.name)).toEqual(["ended", "gone"]);
  });
});
