import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPostgresUrl } from "@conifer/platform/embedded-postgres";
import { openDatabase } from "@conifer/platform/store";
import { packFixtureHome } from "../conformance/src/fixture-home.ts";
import { liveFixtureLife } from "../conformance/src/fixture-life.ts";
import { placeTree } from "../conformance/src/older-tree.ts";
import { CLONE, makeHome, removeHome, startPlatform } from "../conformance/src/running-platform.ts";

const USAGE = `Usage: sh scripts/with-node.sh --set-up tools/run-fixture-home.ts [<commit>]

  starts the version of a commit (default: HEAD) in a new home, lets it live as an instance does, stops it, and packs the
  home into conformance/fixtures, in place of the one there. The upgrade's tests start the present version with it. Whoever
  makes a release runs it with the release's commit, and commits what it made.`;

/** What a release leaves for the one after it to be tried with. */
async function main(args: readonly string[]): Promise<number> {
  const [commitish = "HEAD", ...more] = args;
  if (commitish.startsWith("-") || more.length > 0) {
    console.error(USAGE);
    return commitish === "--help" || commitish === "-h" ? 0 : 2;
  }
  const commit = execFileSync("git", ["rev-parse", "--verify", `${commitish}^{commit}`], {
    ...{ cwd: CLONE, encoding: "utf8" as const },
  }).trim();
  const tree = mkdtempSync(join(tmpdir(), "conifer-older-"));
  const home = makeHome();
  try {
    placeTree(commit, tree);
    const { version } = JSON.parse(readFileSync(join(tree, "package.json"), "utf8")) as { version: string };
    console.error(`Conifer ${version} of ${commit.slice(0, 12)} starts and lives in a home of its own ...`);
    const { app, database } = await liveIn(tree, home);
    const manifest = { version, commit, madeAt: new Date().toISOString(), ...database, app };
    console.error("Its home is packed, which takes a minute ...");
    console.log(`conformance/fixtures: ${packFixtureHome(home, manifest)} bytes`);
    return 0;
  } finally {
    removeHome(home);
    rmSync(tree, { recursive: true, force: true });
  }
}

async function liveIn(tree: string, home: string) {
  const platform = await startPlatform({ clone: tree, home });
  try {
    const app = await liveFixtureLife(platform);
    const { segment, ...database } = await readDatabase(home);
    const code = await platform.stop();
    if (code !== 0) throw new Error(`it ended with ${code}:\n${platform.output()}`);
    dropOlderSegments(home, segment);
    return { app, database };
  } catch (thrown) {
    await platform.stop();
    throw thrown;
  }
}

/** Begins a new segment of the database's log, so that those before it need not be kept: they are most of its size. */
async function readDatabase(home: string) {
  const url = await findPostgresUrl({
    socketDir: join(home, "run", "pg"),
    passwordFile: join(home, "keys", "postgres.password"),
  });
  const database = openDatabase({ url, maxConnections: 1, onError: () => {} });
  const ask = async (statement: string) =>
    (await database.query(statement)).rows.map((row) => String(Object.values(row as object)[0]));
  try {
    await ask("select pg_switch_wal()");
    await database.query("checkpoint");
    const [segment = ""] = await ask("select pg_walfile_name(pg_current_wal_lsn())");
    const [postgres = ""] = await ask(
      "select (current_setting('server_version_num')::int / 10000)::text as major",
    );
    return { segment, postgres, migrations: await ask("select name from schema_migrations order by 1") };
  } finally {
    await database.close();
  }
}

function dropOlderSegments(home: string, current: string): void {
  const folder = join(home, "postgres", "pg_wal");
  for (const name of readdirSync(folder))
    if (/^[0-9A-F]{24}$/.test(name) && name !== current) rmSync(join(folder, name));
}

process.exitCode = await main(process.argv.slice(2));
