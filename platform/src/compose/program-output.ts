import { execFile } from "node:child_process";

const LONGEST_MS = 5_000;

/** What a program prints, undefined when it is not there, fails or takes longer than five seconds. */
export function programOutput(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      { timeout: LONGEST_MS, env: { ...process.env, LC_ALL: "C" } },
      (error, stdout) => resolve(error ? undefined : stdout),
    );
  });
}
