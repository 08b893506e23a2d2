import { describe, expect, test } from "vitest";
import { readConfig } from "../../../platform/src/compose/config.ts";
import { installation, LARGE } from "./installation-fixtures.ts";
import { isPart } from "./installation-names.ts";
import {
  makeSettings,
  makeTrust,
  registryAddress,
  roleSettings,
  settingsDigest,
} from "./installation-settings.ts";
import type { Overrides } from "./read-values.ts";
import { makeRolePod } from "./role-pods.ts";
import { ROLES, type Role } from "./role-table.ts";
import { VALUES } from "./value-table.ts";
import { valuesTable, withTable } from "./values-guide.ts";

/** What the cluster puts in the place of a reference. */
const REFERRED: Readonly<Record<string, string>> = {
  POD_NAME: "conifer-x-0",
  NODE_NAME: "node-1",
  DATABASE_URL: "postgres://conifer:hush@db/conifer",
  CONIFER_DATABASE_PASSWORD: "a long password",
  CONIFER_ADMIN_EMAIL: "me@example.com",
  CONIFER_ADMIN_PASSWORD: "a long password",
  CONIFER_ADMIN_TOKEN: "0123456789abcdef",
};

/** All variables of a role's process, as its pod has them. */
function environment(role: Role, overrides: Overrides): Readonly<Record<string, string | undefined>> {
  const one = installation(overrides);
  const { spec } = makeRolePod(role, one) as unknown as {
    spec: { containers: [{ env: { name: string; value?: string }[] }] };
  };
  const own = spec.containers[0].env.map(({ name, value }) => [name, value ?? REFERRED[name]]);
  return { ...roleSettings(one), ...Object.fromEntries(own) };
}

describe("settings of an installation", () => {
  const digest = `sha256:${"b".repeat(64)}`;
  const variants: readonly (readonly [string, Overrides])[] = [
    ["default", {}],
    ["large", LARGE],
    ["without agents", { "agent.enabled": false }],
    ["with a builder", { builderImage: `conifer/builder@${digest}`, runImage: `conifer/run@${digest}` }],
  ];

  test.each(variants)("(%s) let every role start", (_name, overrides) => {
    for (const role of ROLES.filter((each) => isPart(each, installation(overrides))))
      expect(() => readConfig(environment(role, overrides)), role).not.toThrow();
  });

  test("arrive as they were given", () => {
    expect(readConfig(environment("worker", LARGE))).toMatchObject({
      ...{ engine: "kubernetes", domain: "apps.example", registryAddress: "registry.apps.example:443" },
      ...{ registryPort: 6450, rateLimit: 9000, signedImages: true, registryStorage: undefined },
      ...{ advisories: "/etc/conifer/advisories", caBundle: "/etc/conifer/trust/ca-bundle.pem" },
      ...{ systemNamespace: "conifer-system", namespace: "conifer-apps", buildNamespace: "conifer-builds" },
    });
    expect(readConfig(environment("registry", LARGE)).registryStorage).toMatchObject({
      ...{ bucket: "images", prefix: "conifer/", endpoint: "https://objects.example:9000" },
    });
    expect(readConfig(environment("worker", { "agent.enabled": false })).logAgent).toBe(false);
  });

  test("lie in a ConfigMap of texts, without any secret", () => {
    const { data, metadata } = makeSettings(installation(LARGE), "conifer-agents");
    expect(metadata.namespace).toBe("conifer-agents");
    for (const value of Object.values(data as object)) expect(value).toBeTypeOf("string");
    expect(JSON.stringify(data)).not.toMatch(/secret@|bucket-key/);
  });

  test("of the operator go before our own", () => {
    expect(roleSettings(installation({ settings: { CONIFER_LOG_LEVEL: "debug" } }))).toMatchObject({
      CONIFER_LOG_LEVEL: "debug",
    });
  });
});

test.each([
  [{}, undefined],
  [{ domain: "apps.example" }, "80"],
  [{ domain: "apps.example", "router.service": "NodePort" }, undefined],
  [{ domain: "apps.example", "router.service": "NodePort", "router.httpNodePort": 30080 }, "30080"],
  [{ domain: "apps.example", "router.service": "ClusterIP" }, undefined],
  [{ domain: "apps.example", "router.service": "ClusterIP", "router.gateway": "edge/public" }, "80"],
])("with %j apps' addresses have the port %s", (overrides, port) => {
  expect(roleSettings(installation(overrides)).CONIFER_WEB_PORT).toBe(port);
});

test("nodes call the registry on themselves unless they are told another address", () => {
  const address = (overrides: Overrides) => registryAddress(installation(overrides).values);
  expect(address({})).toBe("localhost:30450");
  expect(address({ "registry.nodePort": 31000 })).toBe("localhost:31000");
  expect(address({ "registry.address": "registry.example:443", "registry.nodePort": 31000 })).toBe(
    "registry.example:443",
  );
});

test("other certificates start the pods that read them anew", () => {
  const pem = (text: string) => installation({ caBundle: `-----BEGIN CERTIFICATE-----\n${text}` });
  expect(settingsDigest(pem("a"))).toBe(settingsDigest(pem("a")));
  expect(settingsDigest(pem("a"))).not.toBe(settingsDigest(pem("b")));
  expect(makeTrust(pem("a")).map(({ data }) => data)).toEqual([
    { "ca-bundle.pem": "-----BEGIN CERTIFICATE-----\na" },
  ]);
  expect(makeTrust(installation())).toEqual([]);
});

test("another address of the database or another token starts all pods anew", () => {
  const digest = (overrides: Overrides) => settingsDigest(installation(overrides));
  const url = (password: string) => ({ "database.url": `postgres://conifer:${password}@db.example/conifer` });
  expect(digest(url("a"))).toBe(digest(url("a")));
  expect(new Set([{}, url("a"), url("b"), { "metrics.token": "0".repeat(32) }].map(digest)).size).toBe(4);
});

describe("values by default", () => {
  const UNIT: Readonly<Record<string, number>> = { Mi: 1, Gi: 1024 };
  const mebibytes = (text: string) => Number.parseInt(text, 10) * (UNIT[text.slice(-2)] ?? Number.NaN);

  // A cluster refuses a pod that asks for more than it may have.
  test.each(ROLES)("let %s ask for no more memory than it may have", (role) => {
    const { values } = installation();
    expect(mebibytes(values[`${role}.memory`])).toBeLessThan(mebibytes(values[`${role}.memoryLimit`]));
  });

  test("are each a row of the guide's table, whose columns hold", () => {
    const rows = valuesTable().split("\n");
    expect(rows).toHaveLength(Object.keys(VALUES).length + 2);
    for (const row of rows) expect(row.split("|")).toHaveLength(6);
  });

  test("replace the guide's table and nothing around it, however often", () => {
    const guide = "before\n<!-- values -->\nold\n<!-- /values -->\nafter\n";
    const made = withTable(guide);
    expect(made).toMatch(/^before\n<!-- values -->\n\n\| Value .*\n<!-- \/values -->\nafter\n$/s);
    expect(made).not.toContain("old\n");
    expect(withTable(made)).toBe(made);
  });
});
