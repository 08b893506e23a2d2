import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { USAGE } from "./cluster-arguments.ts";
import { EXIT_STATUS } from "./cluster-error.ts";
import { MACHINE_FOLDER } from "./cluster-folders.ts";
import { bridgeOf, cgroupOf, MOST_NODES } from "./cluster-plan.ts";
import { ruleMark } from "./host-network.ts";
import { SIMULATED_NODE } from "./simulated-objects.ts";

/** The guide and the help say the same, and what is. */

const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/development-cluster.md"), "utf8");

describe("the guide", () => {
  const verbs = [...USAGE.matchAll(/npm run cluster -- (\w+)/g)].map(([, verb]) => verb ?? "");
  test.each([...new Set(verbs)])("tells of %s", (verb) => {
    expect(guide).toMatch(new RegExp(`^\\| \`${verb}\\b`, "m"));
  });

  const options = [...USAGE.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option);
  test.each([...new Set(options)].filter((option) => option !== "--help"))("tells of %s", (option) => {
    expect(guide).toContain(option);
  });

  test("names what a cluster leaves on a machine while it is up", () => {
    for (const name of [bridgeOf("<name>"), cgroupOf("<name>"), ruleMark("<name>"), MACHINE_FOLDER]) {
      expect(guide).toContain(name);
    }
    expect(guide).toContain(SIMULATED_NODE);
    expect(guide).toContain(`1 to ${MOST_NODES}`);
  });

  test("names every exit status", () => {
    for (const status of Object.values(EXIT_STATUS)) {
      expect(guide).toMatch(new RegExp(`Exit statuses:[^.]*\\b${status} `));
    }
  });
});

test("a step says what it does, and its result is passed on", async () => {
  const said: string[] = [];
  expect(
    await tellStep(
      (line) => said.push(line),
      "Doing it",
      async () => 42,
    ),
  ).toBe(42);
  expect(said).toEqual(["Doing it ..."]);
  const failing = tellStep(
    () => {},
    "Doing it",
    () => Promise.reject(new Error("why")),
  );
  await expect(failing).rejects.toThrow("why");
});
