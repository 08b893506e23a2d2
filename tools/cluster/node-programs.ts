import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { SYSTEM_PATH } from "./machine-needs.ts";
import type { LiveNode } from "./node-processes.ts";
import type { ProgramCommand } from "./program-commands.ts";
import { runProgram } from "./run-program.ts";

/** Programs of a node get this and nothing of the caller's. */
const ENVIRONMENT = { PATH: SYSTEM_PATH.join(":"), HOME: "/root", LANG: "C.UTF-8" };

/** What leads from the host into all namespaces of a node. */
export const enterNode = (pid: number): string[] => ["-t", String(pid), "-m", "-n", "-p", "-u", "-i", "--"];

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
 * Starts a program in a node unless it runs there. It outlives this process and ends with its node; what it says goes to
 * `<logs>/<program>.log`.
 */
export async function startInNode({ node, command, programs, logs }: Start): Promise<void> {
  const { program, args } = command;
  if (node.programs.has(program)) return;
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, `${program}.log`), "a");
  const path = programs === undefined ? program : join(programs, program);
  const child = spawn("nsenter", [...enterNode(node.pid), path, ...args], {
    detached: true,
    env: ENVIRONMENT,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (thrown) =>
      reject(new ClusterError("failed", `nsenter cannot be started: ${thrown.message}`)),
    );
  });
  child.unref();
}
