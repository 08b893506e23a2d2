import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { closingLine, countTests, isGood, type TestReport } from "./test-counts.ts";

/**
 * Runs suites with vitest and prints a last line that people and CI read. A signal to this process reaches vitest, which
 * then ends in good order.
 * @returns the exit status: 1 when a test failed or none ran
 */
export async function runSuites(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-tests-"));
  const reportFile = join(folder, "report.json");
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  try {
    const status = await runVitest([...args, ...report], environment);
    const counts = countTests(readReport(reportFile), status);
    console.log(closingLine(counts));
    return isGood(counts) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runVitest(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const entry = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const child = spawn(process.execPath, [entry, "run", ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    env,
  });
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
