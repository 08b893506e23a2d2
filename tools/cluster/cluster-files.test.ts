import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clusterFolders, nodeFolder } from "./cluster-folders.ts";
import type { ClusterSettings } from "./cluster-plan.ts";
import { applyWishes, readSettings } from "./cluster-settings.ts";
import { mountsBelow } from "./take-down-cluster.ts";
import { takeLock } from "./take-lock.ts";
import { ownerOf, testClusterName } from "./test-clusters.ts";
import { waitUntil } from "./wait-for.ts";
import { writeWhole } from "./write-whole.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-cluster-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("folders", () => {
  test("lie below the cache, unless another place was named", () => {
    const own = clusterFolders("dev", { HOME: "/home/me" });
    expect(own).toMatchObject({
      cache: "/home/me/.cache/conifer/kubernetes",
      state: "/home/me/.cache/conifer/kubernetes/clusters/dev",
      kubeconfig: "/home/me/.cache/conifer/kubernetes/clusters/dev/kubeconfig",
    });
    expect(nodeFolder(own, "node2")).toBe("/home/me/.cache/conifer/kubernetes/clusters/dev/node2");
    const named = clusterFolders("dev", { XDG_CACHE_HOME: "/cache", CONIFER_CLUSTER_STATE: "/data" });
    expect([named.cache, named.state]).toEqual(["/cache/conifer/kubernetes", "/data/dev"]);
  });

  test.each([
    [{ CONIFER_CLUSTER_STATE: "/var/lib/x", HOME: "/root" }, "Set CONIFER_CLUSTER_STATE"],
    [{ CONIFER_CLUSTER_STATE: "/run/x", HOME: "/root" }, "Set CONIFER_CLUSTER_STATE"],
    [{ CONIFER_CLUSTER_STATE: "data", HOME: "/root" }, "absolute path"],
    [{ XDG_CACHE_HOME: "/var/lib/ci", CONIFER_CLUSTER_STATE: "/data" }, "Set XDG_CACHE_HOME"],
  ])("%j would not be seen by a node", (environment, message) => {
    expect(() => clusterFolders("dev", environment)).toThrow(message);
  });
});

describe("wishes", () => {
  const before: ClusterSettings = { name: "dev", slot: 3, nodes: 2, dualStack: false, egress: true };

  test.each([
    [{}, before],
    [{ nodes: 2 }, before],
    [{ nodes: 4 }, { ...before, nodes: 4 }],
    [
      { egress: false, registry: "r:1" },
      { ...before, egress: false, registry: "r:1" },
    ],
    [{ dualStack: false }, before],
  ])("%j are granted", (wishes, after) => {
    expect(applyWishes(before, wishes)).toEqual(after);
  });

  test.each([
    [{ nodes: 1 }, "dev has 2 nodes already."],
    [{ dualStack: true }, "dev has IPv4 only."],
  ])("%j cannot be", (wishes, message) => {
    expect(() => applyWishes(before, wishes)).toThrow(message);
    expect(() => applyWishes(before, wishes)).toThrow("Take it down first");
  });

  test("are read back as they were settled, and not at all where there is no cluster", async () => {
    const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: folder, HOME: "/root" });
    expect(await readSettings(folders)).toBeUndefined();
    await writeWhole(folders.settings, JSON.stringify(before));
    expect(await readSettings(folders)).toEqual(before);
    writeFileSync(folders.settings, "{");
    await expect(readSettings(folders)).rejects.toThrow(SyntaxError);
  });
});

describe("a file written whole", () => {
  test("has its mode from the first moment, also over another", async () => {
    const path = join(folder, "deep/secret");
    await writeWhole(path, "one", 0o600);
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["one", 0o600]);
    writeFileSync(`${path}.part`, "left by a kill");
    await writeWhole(path, "two", 0o600);
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["two", 0o600]);
    expect(readdirSync(join(folder, "deep"))).toEqual(["secret"]);
  });
});

describe("waiting", () => {
  test("ends with the first answer", async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      if (asked === 1) throw new Error("not yet");
      return asked === 3 ? "there" : undefined;
    };
    expect(await waitUntil({ what: "it", within: 5_000, every: 1, ask })).toBe("there");
    expect(asked).toBe(3);
  });

  test("in vain says for what, why, and where to look", async () => {
    const ask = () => Promise.reject(new Error("refused\nand more"));
    const waiting = waitUntil({ what: "the server", within: 5, every: 1, ask, hint: "See the log." });
    await expect(waiting).rejects.toThrow("Waited 0 s for the server in vain (refused). See the log.");
    const silent = waitUntil({ what: "it", within: 5, every: 1, ask: async () => undefined });
    await expect(silent).rejects.toThrow(/^Waited 0 s for it in vain\.$/);
  });
});

describe("a lock", () => {
  const name = `test-${process.pid}`;

  test("is held by one, and says that it waits", async () => {
    const said: string[] = [];
    const release = await takeLock(name, (line) => said.push(line));
    expect(said).toEqual([]);
    let order = "";
    const second = takeLock(name, (line) => said.push(line)).then(async (again) => {
      order += "second";
      await again();
    });
    await waitUntil({ what: "the second to wait", within: 5_000, every: 5, ask: async () => said[0] });
    order += "first,";
    await release();
    await second;
    expect(order).toBe("first,second");
    expect(said).toHaveLength(1);
  });

  test("of another name is another", async () => {
    const [one, other] = await Promise.all([
      takeLock(`${name}-a`, () => {}),
      takeLock(`${name}-b`, () => {}),
    ]);
    await Promise.all([one(), other()]);
  });
});

describe("mounts", () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime shared:1 - ext4 /dev/root rw`;
  const info = ["/", "/data", "/data/dev", "/data/dev/node1/a\\040b", "/data/dev2", ""].map(line).join("\n");

  test("are found at a folder and below it, and not beside it", () => {
    expect(mountsBelow("/data/dev", info)).toEqual(["/data/dev", "/data/dev/node1/a b"]);
    expect(mountsBelow("/data/dev2", info)).toEqual(["/data/dev2"]);
    expect(mountsBelow("/elsewhere", info)).toEqual([]);
  });

  test("there are none below a folder that was just made", () => {
    mkdirSync(join(folder, "x"));
    expect(mountsBelow(folder, readFileSync("/proc/self/mountinfo", "utf8"))).toEqual([]);
  });
});

describe("clusters of tests", () => {
  test.each([1, 42, process.pid, 4_194_304])("tell whose they are: process %i", (pid) => {
    const name = testClusterName(pid);
    expect(name).toMatch(/^[a-z][a-z0-9]{0,9}$/);
    expect(ownerOf(name)).toBe(pid);
  });

  test.each(["dev", "conifer", "tests", "atests1", "tests-1"])("%s is nobody's", (name) => {
    expect(ownerOf(name)).toBeUndefined();
  });
});
