import type { ErrorEntry } from "../src/error-catalog.ts";

/** The page of the reference that lists every error id. */
export function errorsPage(catalog: Readonly<Record<string, ErrorEntry>>): string {
  const entries = Object.entries(catalog).sort(
    ([a, one], [b, other]) => one.status - other.status || (a < b ? -1 : 1),
  );
  const rows = entries.map(([id, { status }]) => `| ${status} | [\`${id}\`](#${id}) |`);
  const sections = entries.map(
    ([id, { status, documentation }]) => `## ${id}\n\nStatus ${status}. ${documentation}\n`,
  );
  return `<!-- @generated made by contract/generate.ts from contract/src/error-catalog.ts -->

# Errors

An answer with a status of 400 or more has a JSON body with \`id\`, one of those below, and \`message\`, a sentence
for people that says what failed and what to do. Some have \`url\` (where to read on), \`resource\` (the kind of
thing that was not found) or \`app\`. Programs decide by \`id\`; messages may change.

| Status | Id |
| ---: | --- |
${rows.join("\n")}

${sections.join("\n")}`;
}
