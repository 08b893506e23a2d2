import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a bench's figures to bench/results/<name>.json. */
export function writeResult(name: string, figures: Readonly<Record<string, unknown>>): void {
  const folder = join(import.meta.dirname, "../results");
  mkdirSync(folder, { recursive: true });
  const result = { bench: name, date: new Date().toISOString(), ...figures };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}
