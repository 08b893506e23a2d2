import { runSuites } from "./vitest-run.ts";

/** Those that need nothing but this machine. */
const PROJECTS = ["fast", "buildpacks", "slow", "journeys"].flatMap((name) => ["--project", name]);

/** `npm test`: every suite but those that need a Kubernetes; arguments are passed on to vitest. */
const args = process.argv.slice(2);
process.exitCode = await runSuites(args.includes("--project") ? args : [...PROJECTS, ...args]);
