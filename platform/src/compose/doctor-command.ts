import { findOrphanedTables } from "../drivers/embedded/sandbox/index.ts";
import { errorText } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { runDoctor, tryIsolation } from "./doctor-checks.ts";
import { findingsStatus, findingsText } from "./doctor-finding.ts";

const USAGE = `Usage: npm run -s doctor [-- --json]

  looks at this machine and at the instance in CONIFER_HOME, which may run or not, and says of each finding
  what mends it. Nothing is changed.
  --json   a list of findings: matter, state (ok, warning, problem), says, mend

Exit status: 0 when nothing is a problem, 1 when something is, 2 for wrong arguments.`;

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === "--help" || first === "-h") {
    console.log(USAGE);
    return 0;
  }
  if (rest.length > 0 || (first !== undefined && first !== "--json")) {
    console.error(USAGE);
    return 2;
  }
  const findings = await runDoctor({
    config: readConfig(process.env),
    now: new Date(),
    isolation: tryIsolation,
    orphans: findOrphanedTables,
  });
  console.log(first === "--json" ? JSON.stringify(findings, undefined, 2) : findingsText(findings));
  return findingsStatus(findings);
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (thrown) {
    console.error(errorText(thrown));
    process.exitCode = 1;
  }
}
