import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** One thing that has to hold before a commit. */
interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const NODE_FLAG = "--disable-warning=ExperimentalWarning";
const CODE = ["contract", "platform", "conformance", "cli", "tools", "buildpacks", "bench"].filter((folder) =>
  existsSync(folder),
);

const node = (name: string, ...args: string[]): Check => ({
  name,
  command: process.execPath,
  args: [NODE_FLAG, ...args],
});
const tool = (name: string, command: string, ...args: string[]): Check => ({ name, command, args });

/** The whole truth before a commit. The longest come first: two run at a time. */
const CHECKS: readonly Check[] = [
  node("fast tests and documents", "tools/run-tests.ts", "--project", "fast"),
  tool("types", "tsc", "-p", "."),
  tool("promises", "oxlint", "--type-aware", "--deny-warnings", ...CODE),
  tool("dependency rules", "depcruise", "--config", ".dependency-cruiser.mjs", ...CODE),
  tool("unused code", "knip", "--no-config-hints"),
  tool("format and lint", "biome", "check", "--error-on-warnings"),
  node("sizes and names", "tools/check-sizes.ts"),
  node("served routes", "tools/served-routes.ts", "--check"),
  node("generated files", "contract/generate.ts", "--check"),
  node("generated manifests", "cli/src/write-generated.ts", "--check"),
];

interface Outcome {
  readonly check: Check;
  readonly good: boolean;
  readonly output: string;
  readonly seconds: number;
}

function run(check: Check): Promise<Outcome> {
  const began = performance.now();
  const path = [join(process.cwd(), "node_modules/.bin"), process.env.PATH].join(delimiter);
  const child = spawn(check.command, check.args, {
    env: { ...process.env, PATH: path, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    const end = (good: boolean) =>
      resolve({ check, good, output, seconds: (performance.now() - began) / 1_000 });
    child.once("error", (thrown) => {
      output += thrown.message;
      end(false);
    });
    child.once("close", (code) => end(code === 0));
  });
}

function show({ check, good, output, seconds }: Outcome): void {
  console.log(`${good ? "ok  " : "FAIL"}  ${check.name.padEnd(26)} ${seconds.toFixed(1).padStart(6)} s`);
  if (!good) console.log(`${output.trim().replace(/^/gm, "      ")}\n`);
}

/** Runs the checks and tells each outcome as it comes. */
async function main(args: readonly string[]): Promise<number> {
  const left = CHECKS.filter(
    ({ name }) => !(args.includes("--without-tests") && name.startsWith("fast tests")),
  );
  const total = left.length;
  let failed = 0;
  const worker = async () => {
    for (let check = left.shift(); check; check = left.shift()) {
      const outcome = await run(check);
      if (!outcome.good) failed += 1;
      show(outcome);
    }
  };
  await Promise.all([worker(), worker()]);
  console.log(failed === 0 ? `All ${total} checks passed.` : `${failed} of ${total} checks failed.`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
