import { readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../../kernel/index.ts";
import { SOCKET_PORT } from "./postgres-settings.ts";

/** What `postmaster.pid` tells: whose it is, and how far that server has come. */
export interface PostmasterFile {
  readonly pid: number;
  /** `starting`, `ready`, `standby` or `stopping`; empty while the file is being written. */
  readonly status: string;
}

/** Reads the text of a `postmaster.pid`: the process id is on line 1, the status on line 8. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, status: lines[7]?.trim() ?? "" };
}

export async function readPostmasterFile(dataDir: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : parsePostmasterFile(text);
}

/**
 * The processes of whatever server works in this data folder: postmaster and backends all have it as their working
 * directory, so that a process that only took over an old process id is not among them.
 */
export async function serverProcesses(dataDir: string): Promise<number[]> {
  const real = await realpath(dataDir).catch(() => dataDir);
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => undefined);
    if (cwd !== real) continue;
    const comm = await readFile(`/proc/${name}/comm`, "utf8").catch(() => "");
    if (comm.startsWith("postgres")) found.push(Number(name));
  }
  return found;
}

export interface ClearOptions {
  readonly dataDir: string;
  readonly socketDir: string;
  /** After which its socket file is named. */
  readonly port?: number | undefined;
  /** How long a server that was left behind may take to end. */
  readonly withinMs: number;
}

/**
 * Makes the folder free for a new server: ends a server that was left behind, waits for the backends of one that was
 * killed (a new one refuses to start beside them), and removes lock files whose owner is gone.
 */
export async function clearPostgresRemains(options: ClearOptions): Promise<void> {
  const { dataDir, socketDir, port = SOCKET_PORT, withinMs } = options;
  const deadline = Date.now() + withinMs;
  const left = await serverProcesses(dataDir);
  const master = (await readPostmasterFile(dataDir))?.pid;
  if (master !== undefined && left.includes(master)) send(master, "SIGINT");
  const insistAt = deadline - withinMs / 2;
  for (let still = left; still.length > 0; still = await serverProcesses(dataDir)) {
    if (Date.now() > deadline) {
      throw new Error(
        `An earlier PostgreSQL still works in ${dataDir} (process ${still[0]}) and does not end.`,
      );
    }
    if (Date.now() > insistAt) for (const pid of still) send(pid, pid === master ? "SIGQUIT" : "SIGKILL");
    await pause(20);
  }
  await rm(join(dataDir, "postmaster.pid"), { force: true });
  await rm(join(socketDir, `.s.PGSQL.${port}`), { force: true });
  await rm(join(socketDir, `.s.PGSQL.${port}.lock`), { force: true });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}
