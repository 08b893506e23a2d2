import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

describe("folders are absolute, wherever the process goes later", () => {
  test.each([
    ["/var/lib/conifer", "/var/lib/conifer"],
    ["state", resolve("state")],
    ["./a/../b", resolve("b")],
    [" /spaced/out ", "/spaced/out"],
    ["", join(homedir(), ".conifer")],
  ])("CONIFER_HOME=%j", (given, root) => {
    expect(readConfig({ CONIFER_HOME: given }).home.root).toBe(root);
  });

  test.each([
    ["/etc/conifer/keys", "/etc/conifer/keys"],
    ["keys", resolve("keys")],
    ["./a/../keys", resolve("keys")],
  ])("CONIFER_KEYS=%j", (given, keys) => {
    const { home } = readConfig({ CONIFER_HOME: "/home", CONIFER_KEYS: given });
    expect([home.keys, home.caFile, home.secretFile]).toEqual([
      keys,
      join(keys, "ca.pem"),
      join(keys, "secret"),
    ]);
  });

  test.each(["", "  "])("CONIFER_KEYS=%j leaves them at home", (given) => {
    const { home } = readConfig({ CONIFER_HOME: "/home", CONIFER_KEYS: given });
    expect([home.keys, home.caFile, home.secretFile]).toEqual([
      "/home/keys",
      "/home/ca.pem",
      "/home/run/secret",
    ]);
  });
});

describe("who a role in a cluster is", () => {
  test.each([
    [{}, { podName: hostname(), nodeName: undefined, logAgent: true }],
    [{ POD_NAME: "conifer-worker-1" }, { podName: "conifer-worker-1" }],
    [
      { NODE_NAME: "node-2", CONIFER_LOG_AGENT: "off" },
      { nodeName: "node-2", logAgent: false },
    ],
    [{ CONIFER_PROBE_PORT: " 6461 " }, { probePort: 6461 }],
    [{ CONIFER_PROBE_PORT: "" }, { probePort: undefined }],
    [{ CONIFER_BUILD_NAMESPACE: "b" }, { buildNamespace: "b", namespace: "conifer-apps" }],
  ])("%j", (environment, expected) => expect(readConfig(environment)).toMatchObject(expected));
});

describe("how nodes call the registry says where it listens", () => {
  test.each([
    ["10.0.0.1:6450", 6450, ["10.0.0.1"]],
    ["[fd00::1]:5000", 5000, ["fd00::1"]],
    ["registry.example.com:443", 443, undefined],
  ])("%s", (address, port, listen) => {
    const read = readConfig({ CONIFER_REGISTRY_ADDRESS: address });
    expect([read.registryPort, read.registryListen]).toEqual([port, listen]);
  });

  test("unless that is said by itself", () => {
    const read = readConfig({
      ...{ CONIFER_REGISTRY_ADDRESS: "10.0.0.1:30500", CONIFER_REGISTRY_PORT: "6450" },
      CONIFER_REGISTRY_LISTEN: "0.0.0.0, ::",
    });
    expect([read.registryPort, read.registryListen]).toEqual([6450, ["0.0.0.0", "::"]]);
  });
});

test("every mistake of a role is told at once", () => {
  const reading = () =>
    readConfig({
      ...{ CONIFER_SYSTEM_NAMESPACE: "Bad Name", CONIFER_PROBE_PORT: "0", CONIFER_BUILD_NAMESPACE: "a.b" },
      ...{
        CONIFER_LOG_AGENT: "yes",
        CONIFER_RUN_IMAGE: "conifer/run:latest",
        DATABASE_URL: "mysql://secret",
      },
    });
  const names = ["SYSTEM_NAMESPACE", "PROBE_PORT", "BUILD_NAMESPACE", "LOG_AGENT", "RUN_IMAGE"];
  for (const name of names) expect(reading).toThrow(`CONIFER_${name} must be`);
  expect(reading).toThrow("DATABASE_URL must be");
  expect(reading).not.toThrow("mysql://secret");
});
