import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { closingLine, countTests, isGood, type TestCounts, type TestReport } from "./test-counts.ts";

export type { TestCounts };

/**
 * Runs suites with vitest and prints a last line that people and CI read. A signal to this process reaches vitest, which
 * then ends in good order.
 * @returns the exit status: 1 when a test failed or none ran
 */
export async function runSuites(args: readonly string[]): Promise<number> {
  return conclude([await countSuites(args)]);
}

/** Prints what failed in several runs, also what passed when it was tried again, and their last line; the exit status of all. */
export function conclude(runs: readonly TestCounts[]): number {
  const sum = (field: "passed" | "failed" | "skipped") =>
    runs.reduce((total, counts) => total + counts[field], 0);
  for (const retried of runs.flatMap((one) => one.retried)) console.log(`Tried again: ${retried}`);
  for (const failure of runs.flatMap((one) => one.failures)) console.log(`Failed: ${failure}`);
  const counts = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
  console.log(closingLine(counts));
  return isGood(counts) ? 0 : 1;
}

export interface CountOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Where what vitest prints goes, in place of this process's output. */
  readonly output?: string;
}

/** Runs suites with vitest, and only counts. */
export async function countSuites(args: readonly string[], options: CountOptions = {}): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-tests-"));
  const reportFile = join(folder, "report.json");
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  try {
    const status = await runVitest([...args, ...report], options);
    return countTests(readReport(reportFile), status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runVitest(
  args: readonly string[],
  { environment = process.env, output }: CountOptions,
): Promise<number | null> {
  const entry = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const file = output === undefined ? undefined : openSync(output, "a");
  const child = spawn(process.execPath, [entry, "run", ...args], {
    stdio: ["ignore", file ?? "inherit", file ?? "inherit"],
    env: environment,
  });
  if (file !== undefined) closeSync(file);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code));
  });
}

function readReport(file: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as TestReport;
  } catch {
    return undefined;
  }
}
