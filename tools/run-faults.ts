import { readFaultArguments } from "./fault-arguments.ts";
import { tellUnasked } from "./number-arguments.ts";
import { runSuites } from "./vitest-run.ts";

/** `npm run test:faults`: a seeded schedule of faults against a platform of its own, and a last line that counts its points. */
const asked = readFaultArguments(process.argv.slice(2));
if (!("seed" in asked)) process.exitCode = tellUnasked(asked);
else {
  console.log(`Seed ${asked.seed}, points ${asked.from} to ${asked.from + asked.points - 1}.`);
  process.env.CONIFER_FAULT_SEED = String(asked.seed);
  process.env.CONIFER_FAULT_FROM = String(asked.from);
  process.env.CONIFER_FAULT_POINTS = String(asked.points);
  process.exitCode = await runSuites(["--project", "journeys", "--reporter=verbose", "fault-points"]);
}
