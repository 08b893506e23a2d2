import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLogger } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { requireStore } from "./control-store.ts";
import { startDatabase } from "./database-process.ts";
import { idlePort, makeRolePlace, type RolePlace } from "./role-fixtures.ts";

const PASSWORD = "as-long-as-an-installation-makes-it";

let place: RolePlace;
let config: Config;
let port: number;
beforeAll(async () => {
  place = makeRolePlace();
  config = place.configOf("database", { CONIFER_DATABASE_PASSWORD: PASSWORD });
  port = await idlePort();
});
afterAll(() => place.remove());

/** The address that `conifer install` gives the other roles, on this machine. */
function address(password = PASSWORD, mode = "verify-ca"): string {
  const trust = `sslmode=${mode}&sslrootcert=${join(place.folder, "keys/internal-ca.pem")}`;
  return `postgres://conifer:${password}@127.0.0.1:${port}/postgres?uselibpqcompat=true&${trust}`;
}

async function ask(connectionString: string): Promise<unknown> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query("select count(*)::int as count from apps");
  await client.end();
  return rows[0];
}

test("the other roles' store is here, over TLS with the password, and outlives a new start", async () => {
  const first = await startDatabase(config, silentLogger, port);
  const api = place.configOf("api", { DATABASE_URL: address() });
  await (await requireStore(api, silentLogger)).close();
  expect(await ask(address())).toEqual({ count: 0 });
  await expect(ask(address("a guess"))).rejects.toThrow(/password authentication failed/);
  await expect(ask(address(PASSWORD, "disable"))).rejects.toThrow();
  await first.stop();
  await expect(ask(address())).rejects.toThrow(/ECONNREFUSED/);

  const second = await startDatabase(config, silentLogger, port);
  expect(await ask(address())).toEqual({ count: 0 });
  await second.stop();
});

test("the password is for nobody else's eyes", () => {
  const file = join(config.home.state, "postgres.password");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toBe(PASSWORD);
});

test.each([
  ["without a password", {}, /CONIFER_DATABASE_PASSWORD is not set/],
  [
    "outside a cluster",
    { CONIFER_DATABASE_PASSWORD: PASSWORD, CONIFER_SYSTEM_NAMESPACE: "", CONIFER_ENGINE: "" },
    /runs in a cluster only/,
  ],
])("it does not start %s, and says why", async (_when, settings, reason) => {
  const other = place.configOf("other", settings);
  await expect(startDatabase(other, silentLogger, port)).rejects.toThrow(reason);
});
