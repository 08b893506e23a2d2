import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

/**
 * `npm run bench [-- <name> ...]`: runs bench/<name>-bench.ts one after the other, alone on the machine, since two at a
 * time would measure each other. Each writes its figures to bench/results/ and fails when its floor is missing.
 */
function main(wanted: readonly string[]): number {
  const files = existsSync("bench") ? readdirSync("bench").filter((name) => name.endsWith("-bench.ts")) : [];
  const names = files.map((file) => file.replace(/-bench\.ts$/, "")).sort();
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0 || names.length === 0) {
    console.error(
      `There is no bench called ${unknown.join(", ") || "anything"}. There are: ${names.join(", ") || "none"}`,
    );
    return 1;
  }
  const failed = names.filter((name) => {
    if (wanted.length > 0 && !wanted.includes(name)) return false;
    console.log(`\n== ${name}`);
    const args = ["--disable-warning=ExperimentalWarning", `bench/${name}-bench.ts`];
    return spawnSync(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] }).status !== 0;
  });
  if (failed.length > 0) console.error(`\nFailed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
