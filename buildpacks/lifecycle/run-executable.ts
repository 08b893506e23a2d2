import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface Execution {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where output goes: on to our own, or back to the caller (bounded; the end is kept). */
  readonly output: "inherit" | "capture";
}

export interface Executed {
  readonly exitCode: number;
  readonly output: string;
}

const CAPTURE_LIMIT = 64 * 1024;

/** Runs a buildpack's executable to its end. A signal counts as 128 + its number, as in a shell. */
export function runExecutable(execution: Execution): Promise<Executed> {
  const { file, args, cwd, env, output } = execution;
  return new Promise((resolve, reject) => {
    const pipe = output === "capture" ? "pipe" : "inherit";
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", pipe, pipe] });
    let captured = "";
    const keep = (text: string) => {
      captured = (captured + text).slice(-CAPTURE_LIMIT);
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    child.on("error", (cause) =>
      reject(new Error(`${file} could not be started: ${cause.message}`, { cause })),
    );
    child.on("close", (code, signal) =>
      resolve({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0), output: captured }),
    );
  });
}
