import { spawnSync } from "node:child_process";

/** `npm run generate`: makes every generated file anew, in the order in which they need each other. */
const PROGRAMS = ["tools/served-routes.ts", "contract/generate.ts", "cli/src/write-generated.ts"];

for (const program of PROGRAMS) {
  const args = ["--disable-warning=ExperimentalWarning", program, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
