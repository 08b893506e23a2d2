import type { KubeClient } from "@conifer/platform/kubernetes-client";
import { describe, expect, test } from "vitest";
import { installation, LARGE } from "../installation/installation-fixtures.ts";
import { makeInstallation } from "../installation/make-installation.ts";
import { digestOf, type InstalledVersion, makeRecord, NO_RECORD, readRecord } from "./installation-record.ts";
import { leftovers, namespacesOf } from "./prune-objects.ts";

const large = installation(LARGE);
const stages = makeInstallation(large);
const version: InstalledVersion = {
  version: "1.2.3",
  image: "conifer/conifer:1.2.3",
  overrides: LARGE,
  digest: digestOf(stages),
  installedAt: "2026-01-02T03:04:05.000Z",
  stages,
};

/** A cluster that holds one Secret. */
const holding = (data: unknown) =>
  ({
    get: async () => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "x" }, data }),
  }) as unknown as KubeClient;

describe("the record", () => {
  test("what is written is read", async () => {
    const record = { current: version, previous: { ...version, version: "1.2.2" } };
    const { data } = makeRecord(record, large);
    expect(await readRecord(holding(data), "conifer-system")).toEqual(record);
  });

  test("nothing of before is nothing", async () => {
    const { data } = makeRecord({ current: version, previous: undefined }, large);
    expect(Object.keys(data as object)).toEqual(["current"]);
    expect(await readRecord(holding({}), "conifer-system")).toEqual(NO_RECORD);
  });

  test("it is far from the size that a Secret may have", () => {
    const record = { current: version, previous: version };
    expect(JSON.stringify(makeRecord(record, large)).length).toBeLessThan(64 * 1024);
  });

  test.each(["bm8gZ3ppcA==", Buffer.from("{").toString("base64")])(
    "one that is damaged says so",
    async (current) => {
      await expect(readRecord(holding({ current }), "conifer-system")).rejects.toThrow("is damaged");
    },
  );

  test("the digest is that of the manifests", () => {
    expect(digestOf(stages)).toBe(digestOf(makeInstallation(installation(LARGE))));
    expect(digestOf(stages)).not.toBe(digestOf(makeInstallation(installation())));
  });
});

describe("what is left over", () => {
  const small = makeInstallation(installation({ "agent.enabled": false }));
  const objects = stages.flatMap(({ objects: all }) => all);

  test("what another installation has no use for", () => {
    const names = leftovers(objects, small).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toContain("DaemonSet/conifer-agent");
    expect(names).toContain("DaemonSet/conifer-router");
    expect(names).toContain("HTTPRoute/conifer-edge-http");
    expect(names).not.toContain("Deployment/conifer-api");
  });

  test("nothing of what is wanted", () => {
    expect(leftovers(objects, stages)).toEqual([]);
  });

  test("namespaces are those that objects are in", () => {
    expect(namespacesOf(stages)).toEqual([
      "conifer-agents",
      "conifer-apps",
      "conifer-builds",
      "conifer-dockerfiles",
      "conifer-system",
    ]);
    expect(namespacesOf(small)).toEqual(["conifer-apps", "conifer-builds", "conifer-system"]);
  });
});
