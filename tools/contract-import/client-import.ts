/**
 * Writes `contract/fixtures/client-requests.json`: which requests the stock client sends to the API host and which
 * fields they hold, from a record of its runs. Run by hand: `node tools/contract-import/client-import.ts <record> [<target>]`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { compactJson } from "../../contract/generator/compact-json.ts";
import { sortKeys } from "../../contract/generator/merge-variants.ts";

export interface ClientCommand {
  readonly endpoints: readonly ClientRequest[];
}

export interface ClientRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly request_fields?: readonly string[];
}

/** By `METHOD /path` with `{}` for each parameter: the fields, deeper ones with dots, of a list with `[]`. */
export function clientRequests(commands: readonly ClientCommand[]): Record<string, readonly string[]> {
  const fields = new Map<string, Set<string>>();
  for (const { host, method, path, request_fields = [] } of commands.flatMap(({ endpoints }) => endpoints)) {
    if (host !== "api") continue;
    const key = `${method} ${path.replace(/\?.*$/, "").replaceAll(/\{[^}]*\}/g, "{}")}`;
    const known = fields.get(key) ?? new Set();
    for (const field of request_fields) if (isName(field)) known.add(plainName(field));
    fields.set(key, known);
  }
  return sortKeys(Object.fromEntries([...fields].map(([key, names]) => [key, [...names].sort()])));
}

/** Remarks stand in brackets, alone or behind a name; a name of the user's own choice in pointed ones. */
function isName(field: string): boolean {
  return !/^[(<]/.test(field);
}

function plainName(field: string): string {
  return field.replace(/ \(.*\)$/, "");
}

function main(record: string | undefined, into: string | undefined): void {
  if (record === undefined) throw new Error("Name the record of the client's runs: client-import.ts <file>");
  const target = into ?? resolve(import.meta.dirname, "../../contract/fixtures/client-requests.json");
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${compactJson(clientRequests(JSON.parse(readFileSync(record, "utf8"))))}\n`);
}

if (import.meta.main) main(process.argv[2], process.argv[3]);
