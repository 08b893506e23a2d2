import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { migrate } from "../drivers/postgres/store/index.ts";
import { freePort } from "../kernel/free-port-fixtures.ts";
import { configIn, openRestored } from "./backup-fixtures.ts";
import type { Config } from "./config.ts";
import { readConiferVersion } from "./conifer-version.ts";
import { makeHomeFolders } from "./supervisor-home.ts";

/** A home whose schema a later Conifer has made: what `npm start` says of it, and that it changes nothing. */

const START = fileURLToPath(new URL("../../../scripts/start.sh", import.meta.url));
const later = ["9998-later", "9999-latest"].map((name) => ({ name, up: async () => {} }));
let folder: string;
let config: Config;

async function inDatabase<T>(work: (opened: Awaited<ReturnType<typeof openRestored>>) => Promise<T>) {
  const opened = await openRestored(config);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cnf-newer-"));
  config = configIn(folder, "home");
  makeHomeFolders(config.home);
  await inDatabase(({ database }) =>
    migrate(database.db, [...migrations, ...later], new Date("2026-11-23T00:00:00Z"), "99.1.0"),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const steps = () =>
  inDatabase(
    async ({ database }) => (await database.query("select * from schema_migrations order by name")).rows,
  );

test("npm start ends, and tells the steps, both versions and what to do", async () => {
  const before = await steps();
  const ports = { CONIFER_PORT: "", CONIFER_ROUTER_PORT: "", CONIFER_ROUTER_TLS_PORT: "" };
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = String(await freePort());
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn("sh", [START], {
    env: { ...env, ...ports, CONIFER_HOME: config.home.root },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  const said = out + err;
  expect(status, said).toBe(1);
  expect(said).toContain("made by a newer Conifer (99.1.0): it has the migrations 9998-later, 9999-latest");
  expect(said).toContain(`which this one (${readConiferVersion()}) does not know`);
  expect(said).toContain("Start the newer Conifer, or restore a backup");
  expect(said).not.toContain("Conifer is ready");
  expect(await steps()).toEqual(before);
}, 120_000);
