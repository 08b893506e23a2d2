/**
 * Writes `contract/served-routes.json`, from which the coverage page is made: the keys of the routes that the
 * authorization table lists. With `--check` it exits 1 when the file differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessTable } from "../platform/src/http/access-table.ts";

const FILE = "contract/served-routes.json";

/** What the file should hold: sorted, a key a line. */
export function servedRoutesText(table: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(Object.keys(table).sort(), null, 2)}\n`;
}

function main(check: boolean): void {
  const path = join(import.meta.dirname, "..", FILE);
  const wanted = servedRoutesText(accessTable);
  if (readFileSync(path, "utf8") === wanted) return;
  if (check) {
    console.error(`${FILE} does not list what is served. Run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
    return;
  }
  writeFileSync(path, wanted);
  console.log(FILE);
}

if (import.meta.main) main(process.argv.includes("--check"));
