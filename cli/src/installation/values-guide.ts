import type { ValueSpec } from "./value-readers.ts";
import { VALUES } from "./value-table.ts";

/** The table of all values, as the guide has it. */
export function valuesTable(): string {
  const rows = (Object.entries(VALUES) as [string, ValueSpec<unknown>][]).map(
    ([name, { about, fallback, form }]) => `| \`${name}\` | ${about} | ${form} | ${sayFallback(fallback)} |`,
  );
  return ["| Value | What it is | Form | Default |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function sayFallback(fallback: unknown): string {
  if (fallback === undefined) return "";
  return typeof fallback === "object" ? "none" : `\`${String(fallback)}\``;
}

/** The guide with the table in its place. */
export function withTable(guide: string): string {
  return guide.replace(
    /<!-- values -->[\s\S]*?<!-- \/values -->/,
    `<!-- values -->\n\n${valuesTable()}\n\n<!-- /values -->`,
  );
}
