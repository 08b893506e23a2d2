import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod } from "@conifer/platform/kubernetes-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readAccessFile } from "../../../platform/src/compose/access-file.ts";
import { makeHome } from "../../../platform/src/compose/home.ts";
import { choosePod } from "./choose-pod.ts";
import { connectionHome, writeConnectionHome } from "./write-home.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-home-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const connected = {
  apiPort: 16400,
  routerPort: 18080,
  domain: "apps.example",
  admin: { email: "a@b.example", password: "hush", token: "CNFR-x" },
  ca: "-----BEGIN CERTIFICATE-----\n",
};

describe("what a connection tells this machine", () => {
  test("is what the platform's own programs read", () => {
    const home = join(folder, "clusters", "one");
    writeConnectionHome(home, connected);
    expect(readAccessFile(makeHome(home))).toEqual({
      api: "http://localhost:16400",
      router: "http://localhost:18080",
      domain: "apps.example",
      email: "a@b.example",
      password: "hush",
      token: "CNFR-x",
      ca: join(home, "ca.pem"),
    });
    expect(makeHome(home).caFile).toBe(join(home, "ca.pem"));
    expect(readFileSync(join(home, "ca.pem"), "utf8")).toBe(connected.ca);
  });

  test("is for this user's eyes, and leaves no draft", () => {
    writeConnectionHome(folder, connected);
    writeConnectionHome(folder, { ...connected, apiPort: 1 });
    expect(readdirSync(folder).toSorted()).toEqual(["access.json", "ca.pem"]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(readAccessFile(makeHome(folder))?.api).toBe("http://localhost:1");
  });
});

describe("where it is written", () => {
  const clusters = join(homedir(), ".conifer", "clusters");
  test.each([
    [undefined, "prod", "conifer-system", join(clusters, "prod")],
    [undefined, "prod", "other", join(clusters, "prod-other")],
    [undefined, undefined, "conifer-system", join(clusters, "cluster")],
    [undefined, "arn:aws:eks/../x", "conifer-system", join(clusters, "arn-aws-eks-..-x")],
    [undefined, "../../etc", "conifer-system", join(clusters, "--..-etc")],
    ["/somewhere", "prod", "conifer-system", "/somewhere"],
  ])("%s, %s, %s", (given, context, namespace, wanted) => {
    expect(connectionHome(given, context, namespace)).toBe(wanted);
  });
});

describe("the next connection goes to", () => {
  const pod = (name: string, ready: boolean, more = {}): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...more },
    spec: {},
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  });
  const leaving = { deletionTimestamp: "2026-01-01T00:00:00Z" };

  test("each pod that answers in turn, whatever order they are told in", () => {
    const pods = [pod("b", true), pod("c", false), pod("a", true), pod("d", true, leaving)];
    expect([0, 1, 2, 3].map((turn) => choosePod(pods, turn)?.metadata.name)).toEqual(["a", "b", "a", "b"]);
    expect(choosePod(pods.toReversed(), 0)?.metadata.name).toBe("a");
  });

  test("nobody where none answers", () => {
    expect(choosePod([], 3)).toBeUndefined();
    expect(choosePod([pod("a", false), pod("b", true, leaving)], 0)).toBeUndefined();
    const { status: _none, ...bare } = pod("a", true);
    expect(choosePod([bare as Pod], 0)).toBeUndefined();
  });
});
