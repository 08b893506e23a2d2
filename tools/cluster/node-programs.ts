import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type LiveNode, seeProcesses } from "./cluster-processes.ts";
import { SYSTEM_PATH } from "./machine-needs.ts";
import type { ProgramCommand } from "./program-commands.ts";
import { runProgram } from "./run-program.ts";
import { waitUntil } from "./wait-for.ts";

/** Programs of a node get this and nothing of the caller's. */
const ENVIRONMENT = { PATH: SYSTEM_PATH.join(":"), HOME: "/root", LANG: "C.UTF-8" };

/** What leads from the host into all namespaces of a node. */
export const enterNode = (pid: number): string[] => ["-t", String(pid), "-m", ...REST];

/** The same without its files. */
const enterOutside = (pid: number): string[] => ["-t", String(pid), ...REST];

const REST = ["-n", "-p", "-u", "-i", "--"];

/** Runs a program in a node and returns what it prints. */
export function runInNode(pid: number, command: readonly string[], input?: string): Promise<string> {
  const options = { environment: ENVIRONMENT, ...(input !== undefined && { input }) };
  return runProgram("nsenter", [...enterNode(pid), ...command], options);
}

/** Runs a shell script in a node; it ends at the first command that fails. */
export function scriptInNode(pid: number, script: string): Promise<string> {
  return runInNode(pid, ["sh", "-eu"], script);
}

interface Start {
  readonly node: LiveNode;
  readonly command: ProgramCommand;
  /** Folder with the programs; what is not there is the system's. */
  readonly programs?: string;
  /** Folder for the log. */
  readonly logs: string;
}

/**
 * Starts a program in a node. One that runs is left alone, unless its arguments or its settings are no longer those it was
 * started with: then it starts again. It outlives this process and ends with its node; what it says goes to
 * `<logs>/<program>.log`.
 * @returns whether it was started now
 */
export async function startInNode({ node, command, programs, logs }: Start): Promise<boolean> {
  const { program, args, settings, outside } = command;
  const path = programs === undefined ? program : join(programs, program);
  const mark = `CONIFER_STARTED_AS=${await startMark([path, ...args], settings)}`;
  const running = node.programs.get(program);
  if (running !== undefined && (await environmentOf(running)).includes(mark)) return false;
  await endInNode(node, program);
  await mkdir(logs, { recursive: true });
  const log = await open(join(logs, `${program}.log`), "a");
  try {
    const enter = outside ? enterOutside : enterNode;
    const child = spawn("nsenter", [...enter(node.pid), "env", mark, path, ...args], {
      detached: true,
      env: ENVIRONMENT,
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    child.unref();
  } finally {
    await log.close();
  }
  return true;
}

/** Stands for all that decides how a program behaves. */
async function startMark(command: readonly string[], settings?: string): Promise<string> {
  const hash = createHash("sha256").update(command.join("\0"));
  if (settings !== undefined) hash.update(await readFile(settings));
  return hash.digest("hex").slice(0, 16);
}

async function environmentOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""); // it has just ended
  return text.split("\0");
}

const PATIENCE = 5_000;

/** Ends a program of a node and waits until it is gone; it has five seconds to do so by itself. */
export async function endInNode({ programs, namespace }: LiveNode, program: string): Promise<void> {
  const pid = programs.get(program);
  if (pid === undefined) return;
  await endProcess(program, pid, () =>
    seeProcesses().some((one) => one.pid === pid && one.namespace === namespace),
  );
}

/** Ends a process, by force after a while. `isThere` says whether that number is still the same process. */
export async function endProcess(what: string, pid: number, isThere: () => boolean): Promise<void> {
  const began = performance.now();
  let sent: NodeJS.Signals | undefined;
  await waitUntil({
    what: `${what} to end`,
    within: 30_000,
    every: 50,
    ask: async () => {
      if (!isThere()) return true;
      const wanted = performance.now() - began > PATIENCE ? "SIGKILL" : "SIGTERM";
      if (sent !== wanted) process.kill(pid, wanted);
      sent = wanted;
      return undefined;
    },
  });
}
