import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  accessRules,
  checkSocketDir,
  type PostgresNetwork,
  postgresSettings,
  postgresUrl,
} from "./postgres-settings.ts";

const network: PostgresNetwork = {
  port: 5433,
  certificateFile: "/keys/internal.pem",
  keyFile: "/keys/internal.key",
  accessFile: "/state/postgres.access",
};

function settings(of?: PostgresNetwork): Record<string, string> {
  const args = postgresSettings("/run/pg", of);
  const pairs = args.filter((arg) => arg !== "-c").map((pair) => pair.split(/=(.*)/s));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

describe("a server with a network", () => {
  test.each([
    ["listen_addresses", "*"],
    ["port", "5433"],
    ["ssl", "on"],
    ["ssl_min_protocol_version", "TLSv1.3"],
    ["ssl_cert_file", "/keys/internal.pem"],
    ["ssl_key_file", "/keys/internal.key"],
    ["hba_file", "/state/postgres.access"],
    ["max_connections", "200"],
  ])("%s=%s", (name, value) => expect(settings(network)[name]).toBe(value));

  test("differs from one without in nothing else", () => {
    const [alone, served] = [settings(), settings(network)];
    const differing = Object.keys(served).filter((name) => alone[name] !== served[name]);
    expect(differing.sort()).toEqual([
      ...["hba_file", "listen_addresses", "max_connections", "port"],
      ...["ssl", "ssl_cert_file", "ssl_key_file", "ssl_min_protocol_version"],
    ]);
    expect(Object.keys(alone).filter((name) => !(name in served))).toEqual([]);
  });

  test("has its socket under the port's name, and the longer name counts", () => {
    const url = postgresUrl({ user: "conifer", password: "p", socketDir: "/run/pg", port: 15_433 });
    expect(new pg.Client({ connectionString: url })).toMatchObject({ host: "/run/pg", port: 15_433 });
    const longest = `/${"x".repeat(107 - "/.s.PGSQL.5432".length - 1)}`;
    expect(() => checkSocketDir(longest, 5433)).not.toThrow();
    expect(() => checkSocketDir(longest, 15_433)).toThrow(/1 bytes too long/);
  });
});

/** What PostgreSQL decides for a connection: the first rule that fits, and refusal when none does. */
function method(over: "local" | "host" | "hostssl", user: string): string {
  const rules = accessRules("conifer").split("\n").filter(Boolean);
  for (const rule of rules) {
    const [type = "", , who = "", ...rest] = rule.split(/\s+/);
    const fits = type === over || (type === "host" && over === "hostssl");
    if (fits && (who === "all" || who === user)) return rest.at(-1) ?? "";
  }
  return "refused";
}

describe("who may connect", () => {
  test.each([
    ["local", "conifer", "scram-sha-256"],
    ["hostssl", "conifer", "scram-sha-256"],
    ["host", "conifer", "refused"],
    ["local", "postgres", "refused"],
    ["hostssl", "postgres", "refused"],
    ["host", "all", "refused"],
  ] as const)("%s as %s: %s", (over, user, expected) => expect(method(over, user)).toBe(expected));

  test("nobody without a password, and the last line ends", () => {
    expect(accessRules("conifer")).not.toMatch(/trust|peer|ident|\bmd5\b|\bpassword\b/);
    expect(accessRules("conifer").endsWith("\n")).toBe(true);
  });
});
