/**
 * Makes `contract/src/generated/` and two pages of the reference from the description, the supplement and the
 * catalogue of errors. `node contract/generate.ts` writes; with `--check` it exits 1 when anything would change.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { generatedFiles } from "./generator/generated-files.ts";
import { readImported } from "./generator/imported-description.ts";
import { supplement } from "./supplement/supplement.ts";

const contractFolder = import.meta.dirname;
const repository = resolve(contractFolder, "..");
const generatedFolder = join(contractFolder, "src", "generated");

/** What the files in the tree should hold, by path from the root of the repository. */
export function generate(): Record<string, string> {
  const served = join(contractFolder, "served-routes.json");
  return generatedFiles({
    imported: readImported(join(contractFolder, "description")),
    supplement,
    served: existsSync(served) ? JSON.parse(readFileSync(served, "utf8")) : [],
  });
}

/** The files that differ from what they should hold, and generated files that should not be there. */
export function differences(wanted: Readonly<Record<string, string>>): readonly string[] {
  const changed = Object.entries(wanted)
    .filter(([path, text]) => contentOf(path) !== text)
    .map(([path]) => path);
  const known = existsSync(generatedFolder) ? readdirSync(generatedFolder) : [];
  const stale = known
    .map((name) => `contract/src/generated/${name}`)
    .filter((path) => wanted[path] === undefined);
  return [...changed, ...stale];
}

function contentOf(path: string): string | null {
  const file = join(repository, path);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** What a check says about files that differ. */
export function complaint(changed: readonly string[]): string {
  const sentences = changed.map((path) => `${path} is not what the generator makes.`);
  return [...sentences, "Run `npm run generate` and commit the result."].join("\n");
}

function main(check: boolean): void {
  const wanted = generate();
  const changed = differences(wanted);
  if (changed.length === 0) return;
  if (check) {
    console.error(complaint(changed));
    process.exitCode = 1;
    return;
  }
  for (const path of changed) {
    const file = join(repository, path);
    const text = wanted[path];
    mkdirSync(dirname(file), { recursive: true });
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
    console.log(path);
  }
}

if (import.meta.main) main(process.argv.includes("--check"));
