import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type HeldCluster,
  openHeldCluster,
} from "../../../platform/src/drivers/kubernetes/client/held-cluster-fixtures.ts";
import {
  type ConfigFolder,
  kubeConfig,
  makeConfigFolder,
} from "../../../platform/src/drivers/kubernetes/client/kube-config-fixtures.ts";
import { makeRecord } from "../cluster/installation-record.ts";
import { installation } from "../installation/installation-fixtures.ts";
import { run } from "./images.ts";

/** The command up to where it reaches the registry. */

const SYSTEM = "conifer-system";
let cluster: HeldCluster;
let folder: ConfigFolder;
let kubeconfig: string;
let said: string;

beforeEach(async () => {
  cluster = await openHeldCluster();
  folder = makeConfigFolder();
  kubeconfig = folder.write("config", kubeConfig({ cluster: { server: cluster.url } }));
  said = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  folder.remove();
  await cluster.close();
});

const images = (...args: string[]) => run(["--kubeconfig", kubeconfig, "--run-image", folder.path, ...args]);

function putKeys(namespace = SYSTEM): void {
  const data = { "master.json": btoa("{}") };
  cluster.put({ apiVersion: "v1", kind: "Secret", metadata: { name: "conifer-keys", namespace }, data });
}

describe("giving an installation its images", () => {
  it.each<[string, string[], RegExp]>([
    ["no image", [], /^Name --run-image, --builder-image or both\./],
    ["an option that is none", ["--image", "x"], /Unknown option '--image'/],
    ["a word", ["folder"], /Unexpected argument 'folder'/],
    ["no folder", ["--run-image"], /argument missing/],
    ["a namespace that is none", ["--namespace", "Conifer", "--run-image", "x"], /not "Conifer"/],
    ["no cluster", ["--kubeconfig", "/nowhere", "--run-image", "x"], /Name the cluster with --kubeconfig/],
  ])("needs better arguments than %s", async (_what, args, message) => {
    await expect(run(args)).rejects.toMatchObject({
      failure: "usage",
      message: expect.stringMatching(message),
    });
  });

  it("tells how it is used, and asks no cluster for that", async () => {
    expect(await run(["--help", "--kubeconfig", "/nowhere"])).toBe(0);
    expect(said).toMatch(/^Gives an installation the images[\s\S]*--builder-image <folder>/);
  });

  const missing = (namespace: string) => ({
    failure: "failed",
    message: `There is no installation in ${namespace}. \`conifer install\` makes one.`,
  });

  it("needs an installation, in the namespace that is meant", async () => {
    await expect(images()).rejects.toMatchObject(missing(SYSTEM));
    // Keys alone are what an installation leaves that never got well.
    putKeys();
    await expect(images()).rejects.toMatchObject(missing(SYSTEM));
    putKeys("other");
    await expect(images("--namespace", "other")).rejects.toMatchObject(missing("other"));
    expect([cluster.changes, said]).toEqual([[], ""]);
  });

  it("needs the installation's keys beside its record", async () => {
    const stages: [] = [];
    const current = { version: "1.2.3", image: "i", overrides: {}, digest: "d", installedAt: "t", stages };
    cluster.put(makeRecord({ current, previous: undefined }, installation()));
    await expect(images()).rejects.toMatchObject(missing(SYSTEM));
  });

  it("says when the record is damaged, or may not be read", async () => {
    putKeys();
    const metadata = { name: "conifer-installation", namespace: SYSTEM };
    cluster.put({ apiVersion: "v1", kind: "Secret", metadata, data: { current: btoa("no gzip") } });
    await expect(images()).rejects.toThrow(/^The Secret conifer-system\/conifer-installation is damaged\./);
    cluster.refuse = () => [403, "Forbidden", "secrets is forbidden"];
    await expect(images()).rejects.toThrow("secrets is forbidden");
  });
});
