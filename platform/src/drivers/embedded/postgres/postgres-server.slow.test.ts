import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pause } from "../../../kernel/index.ts";
import { type EmbeddedPostgres, startPostgres } from "./index.ts";
import { asAccount, choosePostgresAccount, findProgram, gatherAccountFacts } from "./postgres-account.ts";
import { findPostgresBinaries, type preparePostgresBinaries } from "./postgres-binaries.ts";
import { postgresIn } from "./postgres-fixtures.ts";
import { serverProcesses } from "./postgres-remains.ts";
import { postgresSettings } from "./postgres-settings.ts";

let root: string;
let server: EmbeddedPostgres | undefined;
const programs: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-pg-"));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  for (const program of programs.splice(0)) program.kill("SIGKILL");
  for (const pid of await serverProcesses(join(root, "postgres"))) process.kill(pid, "SIGKILL");
  await until(async () => (await serverProcesses(join(root, "postgres"))).length === 0);
  rmSync(root, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  server = await startPostgres(postgresIn(root));
  return server;
}

async function query(url: string, ...statements: string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    for (const statement of statements.slice(0, -1)) await client.query(statement);
    return await client.query(statements.at(-1) ?? "");
  } finally {
    await client.end().catch(() => {});
  }
}

async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<number> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > ms) throw new Error(`not within ${ms} ms: ${condition}`);
    await pause(10);
  }
  return performance.now() - began;
}

describe("a life", () => {
  test("what was committed is there after a stop and a start, and the second start is quick", async () => {
    await query((await start()).url, "create table t (v int)", "insert into t values (42)");
    await server?.stop();
    expect(await serverProcesses(join(root, "postgres"))).toEqual([]);
    const began = performance.now();
    const { rows } = await query((await start()).url, "select v from t");
    expect(rows).toEqual([{ v: 42 }]);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("text is UTF-8, times are UTC, and the only way in is the socket with the password", async () => {
    const { url } = await start();
    const { rows } = await query(
      url,
      "select current_setting('server_encoding') e, current_setting('TimeZone') z, current_setting('listen_addresses') l, lower('Ä') a",
    );
    expect(rows).toEqual([{ e: "UTF8", z: "UTC", l: "", a: "ä" }]);
    const wrong = new URL(url);
    wrong.password = "guess";
    await expect(query(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
    expect(statSync(join(root, "keys/postgres.password")).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, "run")).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, "postgres")).mode & 0o777).toBe(0o700);
  });

  test("idle it takes little memory", async () => {
    await start();
    const pss = (await serverProcesses(join(root, "postgres"))).map((pid) => {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    });
    expect(pss.reduce((sum, kilobytes) => sum + kilobytes, 0)).toBeLessThan(60_000);
  });
});

describe("when it is killed", () => {
  test("kill -9 of the server during writes: it is back at once, and every acknowledged row is there", async () => {
    const { url, pid } = await start();
    await query(url, "create table t (v int)");
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    let acknowledged = 0;
    const writes = (async () => {
      for (let i = 0; ; i++) {
        await client.query("insert into t values ($1)", [i]);
        acknowledged += 1;
      }
    })().catch(() => {});
    await until(() => acknowledged > 50);
    const first = pid();
    process.kill(first ?? 0, "SIGKILL");
    await writes;
    const took = await until(
      async () =>
        pid() !== first &&
        (await query(url, "select 1").then(
          () => true,
          () => false,
        )),
    );
    expect(took).toBeLessThan(5_000);
    const { rows } = await query(url, "select count(*)::int n from t");
    expect(rows[0].n).toBeGreaterThanOrEqual(acknowledged);
    await client.end().catch(() => {});
  });

  test("a stop in the middle of a restart ends it", async () => {
    const { pid } = await start();
    process.kill(pid() ?? 0, "SIGKILL");
    await server?.stop();
    expect(await serverProcesses(join(root, "postgres"))).toEqual([]);
  });

  test("stopNow, and the next start recovers", async () => {
    const { url, stopNow } = await start();
    await query(url, "create table t (v int)", "insert into t values (1)");
    await stopNow();
    expect((await query((await start()).url, "select v from t")).rows).toEqual([{ v: 1 }]);
  });

  test("it ends when the process that started it is killed", async () => {
    const program = startProgram([]);
    await told(program);
    program.kill("SIGKILL");
    await until(async () => (await serverProcesses(join(root, "postgres"))).length === 0, 1_000);
  });
});

/** The server in a process of its own, behind the words given. */
function startProgram(words: string[]): ChildProcess {
  const fixture = join(import.meta.dirname, "postgres-fixtures.ts");
  const [command = "", ...args] = [
    ...words,
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    fixture,
    root,
  ];
  const program = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  programs.push(program);
  return program;
}

async function told(program: ChildProcess): Promise<{ url: string; pid: number }> {
  let text = "";
  program.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await until(() => text.includes("\n") || program.exitCode !== null, 30_000);
  return JSON.parse(text);
}

describe("as whom", () => {
  const isRoot = process.getuid?.() === 0;

  test("as an ordinary user", async () => {
    // Inside, user 1000 owns the folder that is root's (or ours) outside, and has no more rights than it.
    const program = startProgram(["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]);
    const { url } = await told(program);
    expect((await query(url, "select current_user u")).rows).toEqual([{ u: "conifer" }]);
    program.kill("SIGTERM");
    await until(() => program.exitCode !== null);
    expect(program.exitCode).toBe(0);
  });

  test.skipIf(!isRoot)("as root below a folder that only root may enter", async () => {
    chmodSync(root, 0o700);
    const { url } = await start();
    expect((await query(url, "select 1 v")).rows).toEqual([{ v: 1 }]);
    expect(statSync(join(root, "postgres")).uid).toBe(0);
  });

  test.skipIf(!isRoot || !hasAccount("postgres"))(
    "as root with a dedicated account that can reach all",
    async () => {
      chmodSync(root, 0o711);
      const { url, pid } = await start();
      const facts = await gatherAccountFacts({
        dataDir: join(root, "postgres"),
        native: (await findPostgresBinaries(root)).native,
      });
      const reaches = facts.accounts.some((account) => account.reaches);
      expect((await query(url, "select 1 v")).rows).toEqual([{ v: 1 }]);
      const owner = statSync(`/proc/${pid()}`).uid;
      expect(owner === 0).toBe(!reaches);
      await server?.stop();
      chmodSync(root, 0o711);
      expect((await query((await start()).url, "select 1 v")).rows).toEqual([{ v: 1 }]);
    },
  );
});

function hasAccount(name: string): boolean {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .some((line) => line.startsWith(`${name}:`));
}

describe("what it finds", () => {
  test("a server that was left behind is ended, and its data taken over", async () => {
    await query((await start()).url, "create table t (v int)", "insert into t values (7)");
    await server?.stop();
    const { native } = await findPostgresBinaries(join(root, "state"));
    const account = choosePostgresAccount(
      await gatherAccountFacts({ dataDir: join(root, "postgres"), native }),
    );
    const tools = { setpriv: undefined, unshare: await findProgram("unshare") };
    const args = ["-D", join(root, "postgres"), ...postgresSettings(join(root, "run"))];
    const how = asAccount(account, join(native, "bin/postgres"), args, tools);
    const left = spawn(how.command, how.args, {
      uid: how.uid,
      gid: how.gid,
      stdio: "ignore",
      env: { LC_ALL: "C" },
    });
    programs.push(left);
    await until(async () => (await serverProcesses(join(root, "postgres"))).length > 1);
    expect((await query((await start()).url, "select v from t")).rows).toEqual([{ v: 7 }]);
    expect(left.exitCode ?? left.signalCode).not.toBeNull();
  });

  test("a first start that was killed half-way is repeated", async () => {
    mkdirSync(join(root, "postgres.part/base"), { recursive: true });
    mkdirSync(join(root, "postgres"), { recursive: true });
    writeFileSync(join(root, "postgres/half"), "");
    expect((await query((await start()).url, "select 1 v")).rows).toEqual([{ v: 1 }]);
    expect(readdirSync(root).filter((name) => name.includes("part"))).toEqual([]);
    expect(existsSync(join(root, "postgres/half"))).toBe(false);
  });

  test("data of another major is refused, untouched, with the way out", async () => {
    mkdirSync(join(root, "postgres"));
    mkdirSync(join(root, "keys"));
    writeFileSync(join(root, "postgres/PG_VERSION"), "15\n");
    writeFileSync(join(root, "keys/postgres.password"), "x");
    await expect(start()).rejects.toThrow(/made by PostgreSQL 15.*carries PostgreSQL 18.*DATABASE_URL/s);
    expect(readdirSync(join(root, "postgres"))).toEqual(["PG_VERSION"]);
  });

  test("a password that is gone is told", async () => {
    await start();
    await server?.stop();
    server = undefined;
    rmSync(join(root, "keys/postgres.password"));
    await expect(start()).rejects.toThrow(/password is gone.*backup/);
  });

  test("a server that cannot start tells why in its own words", async () => {
    await start();
    await server?.stop();
    server = undefined;
    writeFileSync(join(root, "postgres/postgresql.conf"), "shared_buffers = many\n");
    await expect(start()).rejects.toThrow(/PostgreSQL did not start:.*configuration file.*errors/s);
  });

  test("where node_modules is read-only the server is copied", async () => {
    const { native } = await findPostgresBinaries(root);
    const copy = join(root, "package");
    await cp(join(native, ".."), copy, { recursive: true, filter: (path) => !/share\/|\.a$/.test(path) });
    const made = JSON.parse(readFileSync(join(copy, "native/pg-symlinks.json"), "utf8")) as {
      target: string;
    }[];
    for (const { target } of made) rmSync(join(copy, target), { force: true });
    chmodSync(join(copy, "native/lib"), 0o555);
    const script = `
      const { preparePostgresBinaries } = await import(${JSON.stringify(join(import.meta.dirname, "postgres-binaries.ts"))});
      console.log(JSON.stringify(await preparePostgresBinaries(${JSON.stringify(copy)}, ${JSON.stringify(join(root, "state"))})));`;
    const words = [
      "--user",
      "--map-user=1000",
      "--map-group=1000",
      process.execPath,
      "--disable-warning=ExperimentalWarning",
    ];
    const text = execFileSync("unshare", [...words, "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    const found = JSON.parse(text) as Awaited<ReturnType<typeof preparePostgresBinaries>>;
    expect(found.native.startsWith(join(root, "state"))).toBe(true);
    expect(execFileSync(join(found.native, "bin/postgres"), ["--version"], { encoding: "utf8" })).toContain(
      "18.",
    );
  });
});
