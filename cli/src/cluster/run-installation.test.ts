import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HeldCluster } from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";
import { installation, LARGE } from "../installation/installation-fixtures.ts";
import { makeInstallation } from "../installation/make-installation.ts";
import type { Overrides } from "../installation/read-values.ts";
import { readRecord } from "./installation-record.ts";
import { BAD, openInstallable } from "./installed-cluster-fixtures.ts";
import { readSecrets } from "./keep-secrets.ts";
import { findOurs } from "./prune-objects.ts";
import { runInstallation } from "./run-installation.ts";

let cluster: HeldCluster;
const said: string[] = [];

beforeEach(async () => {
  cluster = await openInstallable();
  said.length = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await cluster.close();
});

const image = (name: string): Overrides => ({ image: `registry.example/${name}:1` });

async function install(overrides: Overrides, signal = new AbortController().signal) {
  return await runInstallation({
    client: cluster.client,
    installation: installation(overrides),
    overrides,
    record: await readRecord(cluster.client, "conifer-system"),
    within: 60_000,
    tell: (line) => said.push(line),
    signal,
  });
}

const API = "deployments/conifer-system/conifer-api";
const LEASE = "leases/conifer-system/conifer-install";
const imageOf = (path: string) => /"image":"([^"]+)"/.exec(JSON.stringify(cluster.at(path)?.spec))?.[1];
/** Paths of what an installation would apply. */
const wantedPaths = (overrides: Overrides) =>
  makeInstallation(installation(overrides))
    .flatMap(({ objects }) => objects)
    .map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`)
    .toSorted();

describe("an installation into an empty cluster", () => {
  it("makes all of it, remembers it, and gives its lease back", async () => {
    const done = await install(image("first"));
    const held = cluster.paths().flatMap((path) => cluster.at(path) ?? []);
    const there = held.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`);
    expect(there).toEqual(expect.arrayContaining(wantedPaths(image("first"))));
    expect(there.filter((name) => name.startsWith("Secret/")).toSorted()).toEqual([
      "Secret/conifer-agents/conifer-keys",
      "Secret/conifer-agents/conifer-metrics",
      "Secret/conifer-system/conifer-admin",
      "Secret/conifer-system/conifer-database",
      "Secret/conifer-system/conifer-installation",
      "Secret/conifer-system/conifer-keys",
      "Secret/conifer-system/conifer-metrics",
    ]);
    expect(cluster.at(LEASE)).toBeUndefined();
    const record = await readRecord(cluster.client, "conifer-system");
    expect(record).toEqual({ current: done, previous: undefined });
  });

  it("begins with the namespaces, and starts nothing before its keys are there", async () => {
    await install(image("first"));
    const order = cluster.changes.map((change) => change.split(" ")[1] ?? "");
    const first = (beginning: string) => order.findIndex((path) => path.startsWith(beginning));
    const last = (beginning: string) => order.findLastIndex((path) => path.startsWith(beginning));
    expect(last("namespaces/")).toBeLessThan(first("leases/"));
    expect(first("leases/")).toBeLessThan(first("secrets/"));
    expect(first("secrets/")).toBeLessThan(first("statefulsets/"));
    expect(last("statefulsets/conifer-system/conifer-database")).toBeLessThan(first(API));
    expect(last("secrets/conifer-system/conifer-installation")).toBeGreaterThan(last("deployments/"));
  });

  it("fails with the pod's trouble, remembers nothing and leaves what was made", async () => {
    await expect(install(image(BAD))).rejects.toThrow("is not well: no progress");
    expect(await readRecord(cluster.client, "conifer-system")).toEqual({
      current: undefined,
      previous: undefined,
    });
    expect(cluster.at(LEASE)).toBeUndefined();
    const keys = cluster.at("secrets/conifer-system/conifer-keys")?.data;
    await install(image("first"));
    expect(cluster.at("secrets/conifer-system/conifer-keys")?.data).toEqual(keys);
  });
});

describe("an upgrade", () => {
  it("keeps every key, and remembers what was before it", async () => {
    const first = await install(image("first"));
    const secrets = await readSecrets(cluster.client, "conifer-system");
    const second = await install(image("second"));
    expect(imageOf(API)).toBe("registry.example/second:1");
    expect(await readSecrets(cluster.client, "conifer-system")).toEqual(secrets);
    expect(await readRecord(cluster.client, "conifer-system")).toEqual({ current: second, previous: first });
    const again = await install(image("second"));
    expect(await readRecord(cluster.client, "conifer-system")).toEqual({ current: again, previous: first });
  });

  it("gives one that has none a token of scrapers, and takes the one that the operator put there", async () => {
    await install(image("first"));
    const [ours, agents] = ["conifer-system", "conifer-agents"].map(
      (one) => `secrets/${one}/conifer-metrics`,
    );
    if (!ours || !agents) throw new Error("two places");
    const made = cluster.at(ours)?.data;
    cluster.drop(ours);
    await install(image("second"));
    expect(cluster.at(ours)?.data).not.toEqual(made);
    const token = Buffer.from("of-the-operator-s-own").toString("base64");
    cluster.put({
      ...{ apiVersion: "v1", kind: "Secret", type: "Opaque", data: { token } },
      metadata: { name: "conifer-metrics", namespace: "conifer-system" },
    });
    await install(image("third"));
    expect([ours, agents].map((path) => cluster.at(path)?.data)).toEqual([{ token }, { token }]);
  });

  it("removes what is no part of it any more, and nothing of anybody else", async () => {
    await install(LARGE);
    cluster.put({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "somebody-s", namespace: "conifer-system" },
    });
    await install(image("first"));
    const namespaces = ["conifer-system", "conifer-apps", "conifer-builds", "conifer-agents"];
    const ours = await findOurs(cluster.client, "conifer-system", { namespaces });
    const wanted = wantedPaths(image("first"));
    for (const { kind, metadata } of ours)
      expect(wanted).toContain(`${kind}/${metadata.namespace}/${metadata.name}`);
    expect(cluster.at("httproutes/conifer-system/conifer-edge-http")).toBeUndefined();
    expect(cluster.at("configmaps/conifer-system/somebody-s")).toBeDefined();
    expect(said.at(-1)).toMatch(/^Removing \d+ objects that are no part of it any more/);
  });

  it("that fails goes back to what was well, and says so", async () => {
    const first = await install(image("first"));
    const failed = install({ ...image(BAD), ...{ "router.kind": "DaemonSet" } });
    await expect(failed).rejects.toMatchObject({
      failure: "failed",
      message: expect.stringMatching(
        /no progress[\s\S]*The cluster is back at version 1\.2\.3 \(registry\.example\/first:1\)\.$/,
      ),
    });
    expect(imageOf(API)).toBe("registry.example/first:1");
    expect(imageOf("statefulsets/conifer-system/conifer-database")).toBe("registry.example/first:1");
    expect(cluster.at("deployments/conifer-system/conifer-router")).toBeDefined();
    expect(cluster.at("daemonsets/conifer-system/conifer-router")).toBeUndefined();
    expect((await readRecord(cluster.client, "conifer-system")).current).toEqual(first);
    expect(said.join("\n")).toContain("Going back to version 1.2.3");
  });

  it("whose way back fails too tells both", async () => {
    await install(image("first"));
    cluster.refuse = ({ method, path, object }) =>
      method === "PATCH" && path === API && JSON.stringify(object).includes("/first:")
        ? [403, "Forbidden", "not any more"]
        : undefined;
    const message = await install(image(BAD)).catch((thrown: Error) => thrown.message);
    expect(message).toMatch(
      /no progress[\s\S]*The way back to version 1\.2\.3 .* failed too: .*not any more/,
    );
    expect(cluster.at(LEASE)).toBeUndefined();
  });

  it("that is stopped neither goes back nor on, and the next one does", async () => {
    await install(image("first"));
    const stopping = new AbortController();
    cluster.refuse = ({ method, path }) => {
      if (method === "PATCH" && path === API) stopping.abort(new Error("enough"));
      return undefined;
    };
    await expect(install(image("second"), stopping.signal)).rejects.toThrow("enough");
    expect(imageOf("statefulsets/conifer-system/conifer-files")).toBe("registry.example/second:1");
    expect((await readRecord(cluster.client, "conifer-system")).current?.image).toContain("/first:");
    cluster.refuse = () => undefined;
    await install(image("second"));
    expect((await readRecord(cluster.client, "conifer-system")).previous?.image).toContain("/first:");
  });
});

describe("two installations", () => {
  const lease = (renewTime: string) => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "conifer-install", namespace: "conifer-system" },
    spec: { holderIdentity: "desk/42/x", leaseDurationSeconds: 45, renewTime },
  });
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();

  it("do not work at once: the second is told who is at it, and changes nothing", async () => {
    cluster.put(lease(ago(5)));
    await expect(install(image("first"))).rejects.toMatchObject({
      failure: "refused",
      message: expect.stringContaining("under way from desk (process 42)"),
    });
    expect(cluster.paths("secrets/")).toEqual([]);
    expect(cluster.at(LEASE)?.spec).toMatchObject({ holderIdentity: "desk/42/x" });
  });

  it.each(["2026-01-01T00:00:00Z", "no time"])("one that was killed is followed (%s)", async (renewed) => {
    cluster.put(lease(renewed));
    await install(image("first"));
    expect(cluster.at(LEASE)).toBeUndefined();
  });

  it("one whose lease was taken stops, and leaves the other's alone", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    cluster.refuse = ({ method, path }) => {
      if (method === "PATCH" && path.startsWith("secrets/conifer-system/conifer-keys")) {
        cluster.put(lease(ago(0)));
        vi.advanceTimersByTime(10_000);
      }
      return undefined;
    };
    await expect(install(image("first"))).rejects.toMatchObject({
      failure: "refused",
      message: "Another installation has begun; this one stops.",
    });
    expect(cluster.paths("deployments/")).toEqual([]);
    expect(cluster.at(LEASE)?.spec).toMatchObject({ holderIdentity: "desk/42/x" });
  });
});
