import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import type { BuildLog } from "./build-log.ts";

export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets each line of both outputs as it comes. */
  readonly log: Pick<BuildLog, "detail">;
  readonly signal: AbortSignal;
}

/**
 * Runs a program of the build, its output going to the log line by line. Resolves with its exit code (128 + n when
 * signal n ended it, as shells count). An abort sends SIGTERM and rejects; a program that is not there rejects too.
 */
export async function runTool(run: ToolRun): Promise<number> {
  const child = spawn(run.command, run.args, {
    cwd: run.cwd,
    env: run.env,
    stdio: ["ignore", "pipe", "pipe"],
    signal: run.signal,
  });
  const lines = [child.stdout, child.stderr].map((stream) => {
    const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    reader.on("line", (line) => run.log.detail(line));
    return finished(stream);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? 128 + signalNumber(signal)));
  });
  await Promise.allSettled(lines);
  return code;
}

/** Runs a program for its standard output; rejects with the end of its standard error when it fails. */
export async function readTool(run: Omit<ToolRun, "log">): Promise<string> {
  const child = spawn(run.command, run.args, {
    cwd: run.cwd,
    env: run.env,
    stdio: ["ignore", "pipe", "pipe"],
    signal: run.signal,
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${run.command} ended with ${code}: ${errors.trim()}`);
  return output;
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === "SIGKILL" ? 9 : signal === "SIGINT" ? 2 : signal === "SIGSEGV" ? 11 : 15;
}
