import { defineConfig } from "vitest/config";

const TREES = "{contract,platform,conformance,tools,buildpacks,cli}";

/** Waits of tests have twenty seconds unless they say otherwise. */
const PATIENT = { setupFiles: ["./tools/patient-waits.ts"], expect: { poll: { timeout: 20_000 } } };

const OF_OPERATORS = ["conformance/**/*.kubernetes.test.ts", "tools/faults/**/*.kubernetes.test.ts"];
const ON_A_CLUSTER = {
  ...PATIENT,
  env: { CONIFER_ENGINE: "kubernetes" },
  retry: Number(process.env.TEST_RETRIES ?? 0),
  testTimeout: 120_000,
  hookTimeout: 300_000,
  maxWorkers: 1,
};

/**
 * The fast tests come first. They share what cores there are, and each worker loads a module once for all its files: loading
 * them for each took two thirds of the time. Of the others, which start processes and wait for them, three files run at
 * once: two leave a fifth of two cores unused. They are one group, so that no core waits for the last file of each project. Where continuous integration shares its machine
 * with others, a test is tried once more, and the run's end tells which; a test that needs that is a bug to find.
 * Those of the last three projects need a Kubernetes: `npm run test:kubernetes` brings one up for them, `npm test` leaves them out. The
 * journeys on an installation are from the same source; what differs is said in conformance/src/engine-differences.ts. What
 * operators do to an installation, and what befalls it, comes when nobody else uses it.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...PATIENT,
          name: "fast",
          include: [`${TREES}/**/*.test.ts`],
          exclude: ["**/node_modules/**", "**/*.slow.test.ts", "**/*.kubernetes.test.ts"],
          testTimeout: 30_000,
          maxWorkers: "100%",
          isolate: false,
          retry: Number(process.env.TEST_RETRIES ?? 0),
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: "buildpacks",
          include: ["buildpacks/**/*.slow.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          // They wait for registries as much as for this machine, and none is held to a time.
          maxWorkers: 3,
          retry: Number(process.env.TEST_RETRIES ?? 0),
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: "slow",
          include: [`${TREES}/**/*.slow.test.ts`],
          exclude: ["**/node_modules/**", "buildpacks/**", "conformance/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
          retry: Number(process.env.TEST_RETRIES ?? 0),
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: "journeys",
          include: ["conformance/**/*.slow.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          // Most of a journey is waiting, for time limits and for dynos; each has a platform of its own. A busy machine takes twice as long.
          maxWorkers: 3,
          retry: Number(process.env.TEST_RETRIES ?? 0),
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...ON_A_CLUSTER,
          name: "kubernetes",
          include: [`${TREES}/**/*.kubernetes.test.ts`],
          exclude: ["**/node_modules/**", ...OF_OPERATORS],
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...ON_A_CLUSTER,
          name: "installation",
          // Most of a journey is waiting for what a cluster does; each process has an account and apps of its own.
          maxWorkers: process.env.CONIFER_VISITOR ? 2 : 1,
          include: [
            `conformance/src/journeys/{first-app,containers,visits-and-runs,pushes,bad-input,foreign-tenant,examples,runtime,logs}.slow.test.ts`,
          ],
          exclude: ["**/node_modules/**"],
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...ON_A_CLUSTER,
          name: "operation",
          include: OF_OPERATORS,
          exclude: ["**/node_modules/**"],
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
