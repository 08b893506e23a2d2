import { execFile, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const AS_NOBODY = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
const REPOSITORY = join(import.meta.dirname, "../../../../..");
const SUITES = [
  "dynos/embedded-dyno-host",
  "dynos/one-off",
  "dynos/host-killed",
  "sandbox/sandbox-view",
  "sandbox/sandbox-life",
  "sandbox/enter-sandbox",
];

/** Why these tests cannot be run as another user here; undefined when they can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0)
    return "only root can become somebody else; the other tests already run without root";
  const reads = spawnSync("setpriv", [
    ...AS_NOBODY,
    process.execPath,
    "-e",
    `require("fs").readdirSync(${JSON.stringify(REPOSITORY)})`,
  ]);
  return reads.status === 0 ? undefined : "the repository or Node cannot be read by others";
}

const why = obstacle();

test.skipIf(why !== undefined)(
  `sandboxes and dynos work without root${why ? ` (skipped: ${why})` : ""}`,
  async () => {
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const files = SUITES.map((suite) => `platform/src/drivers/embedded/${suite}.slow.test.ts`);
    const command = [
      process.execPath,
      vitest,
      "run",
      "--configLoader",
      "native",
      "--project",
      "slow",
      ...files,
    ];
    const { PATH, TEST_RETRIES } = process.env;
    const env = { PATH, TEST_RETRIES, HOME: "/tmp", NO_COLOR: "1" };
    const run = promisify(execFile)("setpriv", [...AS_NOBODY, ...command], {
      cwd: REPOSITORY,
      env,
      maxBuffer: 1 << 26,
    });
    const { stdout } = await run.catch((failed) => failed as { stdout: string });
    expect(stdout).toMatch(/Test Files {2}6 passed \(6\)/);
  },
  240_000,
);
