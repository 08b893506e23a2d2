import pg from "pg";
import { expect, test } from "vitest";
import { checkSocketDir, postgresSettings, postgresUrl } from "./postgres-settings.ts";

const settings = (socketDir: string) => {
  const args = postgresSettings(socketDir);
  return Object.fromEntries(args.filter((arg) => arg !== "-c").map((pair) => pair.split(/=(.*)/s)));
};

test("there is no way to the server but the socket", () => {
  expect(settings("/run/pg")).toMatchObject({
    listen_addresses: "",
    unix_socket_directories: "/run/pg",
    unix_socket_permissions: "0700",
  });
});

test("a statement's text and values stay out of the diagnostics", () => {
  expect(settings("/run/pg")).toMatchObject({
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
  });
});

test("a socket path is checked before the server fails on it", () => {
  const longest = `/${"x".repeat(107 - "/.s.PGSQL.5432".length - 1)}`;
  expect(() => checkSocketDir(longest)).not.toThrow();
  expect(() => checkSocketDir(`${longest}x`)).toThrow(/1 bytes too long.*shorter CONIFER_HOME/);
  expect(() => checkSocketDir("/ü".repeat(60))).toThrow(/too long/);
});

test("node-postgres reads the URL as it is meant, odd characters and all", () => {
  const url = postgresUrl({ user: "conifer", password: "p@ss/w:rd?", socketDir: "/home/a b/ü&c/run/pg" });
  const client = new pg.Client({ connectionString: url });
  expect(client).toMatchObject({
    host: "/home/a b/ü&c/run/pg",
    user: "conifer",
    password: "p@ss/w:rd?",
    database: "postgres",
    port: 5432,
  });
});
