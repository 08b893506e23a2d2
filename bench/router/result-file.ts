import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../results");

/** Writes a bench's figures to bench/results/<name>.json. */
export function writeResult(name: string, figures: Readonly<Record<string, unknown>>): void {
  mkdirSync(FOLDER, { recursive: true });
  const result = { bench: name, date: new Date().toISOString(), ...figures };
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** The figures that were written last; undefined when there are none. */
export function readResult(name: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
  } catch {
    return undefined;
  }
}
