import { stripVTControlCharacters } from "node:util";
import type { BuildContext } from "./build-context.ts";
import { runTool } from "./run-tool.ts";

/** How much of a tool's output is looked through for the cause of a failure; characters. */
const MOST_KEPT = 500_000;
/** As shells count a program that SIGKILL ended. */
const KILLED = 137;

export interface LoggedRun {
  readonly code: number;
  /** The end of what it wrote. */
  readonly output: string;
}

/** Runs a program in the app's folder, its output going to the log; for programs whose failures are explained. */
export async function runLogged(
  context: BuildContext,
  [command = "", ...args]: readonly string[],
  env: BuildContext["env"],
): Promise<LoggedRun> {
  let output = "";
  const code = await runTool({
    ...{ command, args, env, cwd: context.appDir, signal: context.signal },
    log: {
      detail: (line) => {
        context.log.detail(line);
        output = `${output}${line}\n`.slice(-MOST_KEPT);
      },
    },
  });
  // Who is killed for want of memory cannot say so.
  return { code, output: code === KILLED ? `${output}Killed\n` : output };
}

/** What a failure's text means, and what to do about it: in advice `$1` stands for the first group that matched. */
export interface KnownFailure {
  readonly pattern: RegExp;
  readonly advice: readonly string[];
}

/** The advice of the first failure whose pattern the output has; undefined when it has none of them. */
export function knownAdvice(
  failures: readonly KnownFailure[],
  written: string,
): readonly string[] | undefined {
  const output = stripVTControlCharacters(written);
  for (const { pattern, advice } of failures) {
    const match = pattern.exec(output);
    if (match === null) continue;
    const word = match.slice(1).find((group) => group !== undefined) ?? "";
    return advice.map((line) => line.replaceAll("$1", () => word));
  }
  return undefined;
}

/** The same, and where the words are when nothing is known of them. */
export function adviceFor(failures: readonly KnownFailure[], output: string): readonly string[] {
  return knownAdvice(failures, output) ?? ["See its output above."];
}
