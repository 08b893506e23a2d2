import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kustomizeBase } from "./installation/kustomize-base.ts";
import { withTable } from "./installation/values-guide.ts";

const ROOT = join(import.meta.dirname, "../..");
const GUIDE = "docs/guides/install.md";

/** `npm run generate`: the kustomize base, and the guide's table of values. With `--check` it only compares. */
function main(check: boolean): number {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const base = Object.entries(kustomizeBase(version)).map(([name, text]) => [
    `deploy/kustomize/${name}`,
    text,
  ]);
  const files = Object.fromEntries([...base, [GUIDE, withTable(readFileSync(join(ROOT, GUIDE), "utf8"))]]);
  const stale = Object.entries<string>(files).filter(([path, text]) => readOrNothing(path) !== text);
  if (!check) for (const [path, text] of stale) writeFileSync(join(ROOT, path), text);
  if (!check || stale.length === 0) return 0;
  console.error(`${stale.map(([path]) => path).join(", ")} is not as made; run: npm run generate`);
  return 1;
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return undefined;
  }
}

process.exitCode = main(process.argv.includes("--check"));
