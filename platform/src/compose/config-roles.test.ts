import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const IN_CLUSTER = {
  CONIFER_ENGINE: "kubernetes",
  CONIFER_SYSTEM_NAMESPACE: "conifer-system",
  CONIFER_REGISTRY_ADDRESS: "10.0.0.1:6450",
};

test("without the variables of a role everything is as on one machine", () => {
  expect(readConfig({})).toMatchObject({
    ...{ systemNamespace: undefined, probePort: undefined, databasePassword: undefined },
    ...{ adminToken: undefined, podName: hostname() },
  });
});

test("a role in a cluster is told where it is, and who", () => {
  const config = readConfig({
    ...{ ...IN_CLUSTER, POD_NAME: "conifer-api-1", CONIFER_PROBE_PORT: "6461" },
    ...{ CONIFER_KEYS: "/etc/conifer/keys", CONIFER_ADMIN_TOKEN: "t".repeat(16) },
    CONIFER_DATABASE_PASSWORD: "12345678",
  });
  expect(config).toMatchObject({
    ...{ systemNamespace: "conifer-system", podName: "conifer-api-1", probePort: 6461 },
    ...{ adminToken: "t".repeat(16), databasePassword: "12345678" },
    home: { keys: "/etc/conifer/keys", secretFile: "/etc/conifer/keys/secret" },
  });
});

test("only outside of a cluster does the engine need a run image", () => {
  expect(readConfig(IN_CLUSTER).runImage).toBeUndefined();
  const outside = { ...IN_CLUSTER, CONIFER_SYSTEM_NAMESPACE: "" };
  expect(() => readConfig(outside)).toThrow("CONIFER_RUN_IMAGE");
});

describe("what makes no sense is refused by its name, and a secret is not repeated", () => {
  test.each([
    ["CONIFER_SYSTEM_NAMESPACE", "Not A Name"],
    ["CONIFER_LOG_AGENT", "maybe"],
    ["CONIFER_PROBE_PORT", "port"],
    ["CONIFER_PROBE_PORT", "65536"],
    ["CONIFER_ADMIN_TOKEN", "too short"],
    ["CONIFER_ADMIN_TOKEN", `with a space ${"x".repeat(16)}`],
    ["CONIFER_DATABASE_PASSWORD", "1234567"],
    ["CONIFER_DATABASE_PASSWORD", "x".repeat(1_025)],
  ])("%s=%s", (name, value) => {
    const reading = () => readConfig({ ...IN_CLUSTER, [name]: value });
    expect(reading).toThrow(name);
    const isSecret = name.endsWith("TOKEN") || name.endsWith("PASSWORD");
    if (isSecret) expect(reading).not.toThrow(value);
  });
});
