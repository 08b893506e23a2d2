import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { installation, LARGE } from "./installation-fixtures.ts";
import {
  completeSecrets,
  type KnownSecrets,
  makeSecrets,
  maskSecret,
  type SecretTexts,
  secretShapes,
} from "./installation-keys.ts";
import type { Overrides } from "./read-values.ts";
import { KEY_FILES } from "./role-table.ts";

const NOTHING: KnownSecrets = { keys: {}, database: {}, admin: {}, metrics: {} };
const now = () => new Date("2026-01-02T03:04:05Z");
const small = installation();
const fresh = completeSecrets(NOTHING, small, now);

describe("the first time", () => {
  test("every key is made", () => {
    expect(Object.keys(fresh.keys).toSorted()).toEqual(KEY_FILES.toSorted());
    expect(Object.values(fresh.keys).every((text) => text.length > 20)).toBe(true);
  });

  test("the master key has the form that roles read", () => {
    const { current, keys } = JSON.parse(fresh.keys["master.json"] ?? "") as {
      current: number;
      keys: Record<string, string>;
    };
    expect(current).toBe(1);
    expect(Buffer.from(keys[1] ?? "", "base64")).toHaveLength(32);
  });

  test("the authority of apps has the key that goes with it", () => {
    const authority = new X509Certificate(fresh.keys["ca.pem"] ?? "");
    expect(authority.ca).toBe(true);
    expect(authority.checkPrivateKey(createPrivateKey(fresh.keys["ca.key"] ?? ""))).toBe(true);
  });

  test("roles show each other a certificate that lasts for years, of an authority whose key nobody has", () => {
    const leaf = new X509Certificate(fresh.keys["internal.pem"] ?? "");
    const authority = new X509Certificate(fresh.keys["internal-ca.pem"] ?? "");
    expect(leaf.checkHost("conifer.internal")).toBe("conifer.internal");
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(fresh.keys["internal.key"] ?? ""))).toBe(true);
    expect(leaf.validToDate.getUTCFullYear()).toBeGreaterThanOrEqual(2035);
    expect(leaf.validToDate.getTime()).toBeLessThanOrEqual(authority.validToDate.getTime());
    expect(authority.fingerprint256).not.toBe(new X509Certificate(fresh.keys["ca.pem"] ?? "").fingerprint256);
    const files = Object.values(fresh.keys).join("");
    expect(files.match(/BEGIN PRIVATE KEY/g)).toHaveLength(2);
  });

  test("the database's address names its role, and the first account has all it needs", () => {
    expect(fresh.database.url).toBe(
      `postgres://conifer:${fresh.database.password}@conifer-database.conifer-system.svc:5432/postgres` +
        "?uselibpqcompat=true&sslmode=verify-ca&sslrootcert=/etc/conifer/keys/internal-ca.pem",
    );
    expect(fresh.admin).toMatchObject({
      email: "admin@conifer.localhost",
      token: expect.stringMatching(/^CNFR-[\w-]{43}$/),
    });
    expect(fresh.admin.password?.length).toBeGreaterThanOrEqual(20);
  });

  test("scrapers have a token that is nobody else's, and that roles take", () => {
    expect(fresh.metrics.token).toMatch(/^[\w-]{43}$/);
    const others = [...Object.values(fresh.keys), ...Object.values(fresh.admin)];
    expect(others).not.toContain(fresh.metrics.token);
  });

  test("two installations have nothing in common", () => {
    const other = completeSecrets(NOTHING, small, now);
    for (const name of KEY_FILES) expect(other.keys[name]).not.toBe(fresh.keys[name]);
    expect(other.database.password).not.toBe(fresh.database.password);
    expect(other.admin.token).not.toBe(fresh.admin.token);
    expect(other.metrics.token).not.toBe(fresh.metrics.token);
  });

  test("nothing of it stays on disk", () => {
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("conifer-authority-"))).toEqual([]);
  });
});

describe("another time", () => {
  test("nothing is replaced", () => {
    expect(completeSecrets(fresh, small, now)).toEqual(fresh);
    expect(completeSecrets(fresh, installation({ adminEmail: "other@example.com" }), now)).toEqual(fresh);
  });

  test.each(KEY_FILES)("%s is made again when it is gone, and what belongs to it", (name) => {
    const { [name]: _gone, ...rest } = fresh.keys;
    const completed = completeSecrets({ ...fresh, keys: rest }, small, now).keys;
    const changed = KEY_FILES.filter((one) => completed[one] !== fresh.keys[one]);
    const pairs = [
      ["ca.key", "ca.pem"],
      ["internal.key", "internal.pem", "internal-ca.pem"],
    ];
    expect(changed.toSorted()).toEqual((pairs.find((one) => one.includes(name)) ?? [name]).toSorted());
  });

  test("a database that the values name is the one that is used", () => {
    const { database } = completeSecrets(fresh, installation(LARGE), now);
    expect(database).toEqual({ password: fresh.database.password, url: LARGE["database.url"] });
  });
});

describe("the token of scrapers", () => {
  const tokenOf = (known: KnownSecrets, overrides: Overrides) =>
    completeSecrets(known, installation(overrides), now).metrics.token;

  test("is the operator's where the values say one, among the settings too", () => {
    const own = { "metrics.token": "scrapers-of-the-operator" };
    const setting = { settings: { CONIFER_METRICS_TOKEN: "from-among-the-settings" } };
    expect(tokenOf(NOTHING, own)).toBe("scrapers-of-the-operator");
    expect(tokenOf(fresh, own)).toBe("scrapers-of-the-operator");
    expect(tokenOf(fresh, setting)).toBe("from-among-the-settings");
    expect(tokenOf(fresh, { ...setting, ...own })).toBe("scrapers-of-the-operator");
  });

  test("is what the cluster holds where the values say none", () => {
    expect(tokenOf({ ...fresh, metrics: { token: "put-there-by-hand" } }, {})).toBe("put-there-by-hand");
    expect(tokenOf(fresh, { settings: { CONIFER_METRICS_TOKEN: "" } })).toBe(fresh.metrics.token);
  });

  test.each<SecretTexts>([{}, { token: "" }])("is made where the cluster holds %j", (metrics) => {
    expect(tokenOf({ ...fresh, metrics }, {})).toMatch(/^[\w-]{43}$/);
  });
});

describe("as objects", () => {
  const secrets = makeSecrets(fresh, small);

  test("each is where it is needed", () => {
    expect(secrets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      "conifer-system/conifer-keys",
      "conifer-system/conifer-database",
      "conifer-system/conifer-admin",
      "conifer-system/conifer-metrics",
      "conifer-agents/conifer-keys",
      "conifer-agents/conifer-metrics",
    ]);
    expect(secretShapes(installation({ "agent.enabled": false }))).toHaveLength(4);
  });

  test("the agent's holds what it needs, and no key of apps", () => {
    expect(Object.keys((secrets[4]?.data ?? {}) as object)).toEqual(["secret", "internal-ca.pem"]);
  });

  test("scrapers' holds one token, the same in both namespaces, and nothing else", () => {
    const data = { token: Buffer.from(fresh.metrics.token ?? "").toString("base64") };
    expect([secrets[3]?.data, secrets[5]?.data]).toEqual([data, data]);
  });

  test("values are base64", () => {
    const { email } = (secrets[2]?.data ?? {}) as Record<string, string>;
    expect(Buffer.from(email ?? "", "base64").toString()).toBe("admin@conifer.localhost");
  });

  test("shown, they hold nothing that is secret", () => {
    const shown = JSON.stringify(secrets.map(maskSecret));
    for (const { data } of secrets) {
      for (const value of Object.values(data as Record<string, string>)) expect(shown).not.toContain(value);
    }
    expect(shown).toContain("master.json");
  });
});
