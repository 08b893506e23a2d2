import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const COMMAND = join(import.meta.dirname, "run-simulation.ts");

function simulate(...args: string[]) {
  const words = ["--disable-warning=ExperimentalWarning", COMMAND, ...args];
  return spawnSync(process.execPath, words, { encoding: "utf8" });
}

test("--help says how the simulation is typed", () => {
  const { status, stdout, stderr } = simulate("--help");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Usage: npm run test:simulation /);
});

test("what it does not know is refused with a sentence and the usage, not with a stack", () => {
  const { status, stdout, stderr } = simulate("--sead", "1");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^\S.*\nUsage: npm run test:simulation /);
  expect(stderr).not.toMatch(/^ +at /m);
});

test("a seed alone is one schedule", () => {
  const { stdout } = simulate("--seed", "7");
  expect(stdout).toMatch(/^seeds 7 to 7: /m);
});
