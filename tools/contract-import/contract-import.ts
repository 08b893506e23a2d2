/**
 * Writes `contract/description/` from published schema documents: method, path, names, types, what is required.
 * None of their sentences are kept. Run by hand: `node tools/contract-import/contract-import.ts <folder> [<target>]`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { compactJson } from "../../contract/generator/compact-json.ts";
import { mergeVariants } from "../../contract/generator/merge-variants.ts";
import { definitionsOf, endpointsOf, type SchemaDocument } from "./schema-links.ts";

const baseDocument = "heroku-platform-api.schema.json";
const sdkDocument = "heroku-platform-api.schema.3.sdk.json";

/** The text of each file of the description, by file name. The same documents give the same bytes. */
export function describe(base: SchemaDocument, sdk: SchemaDocument): Record<string, string> {
  const definitions = mergeVariants(definitionsOf(base), definitionsOf(sdk));
  const endpoints = mergeVariants(endpointsOf(base), endpointsOf(sdk));
  return {
    "definitions.json": `${compactJson(definitions)}\n`,
    "endpoints.json": `${compactJson(endpoints)}\n`,
  };
}

function main(folder: string | undefined, into: string | undefined): void {
  if (folder === undefined)
    throw new Error("Name the folder that holds the schema documents: contract-import.ts <folder>");
  const read = (name: string): SchemaDocument => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const target = into ?? resolve(import.meta.dirname, "../../contract/description");
  mkdirSync(target, { recursive: true });
  for (const [name, text] of Object.entries(describe(read(baseDocument), read(sdkDocument))))
    writeFileSync(join(target, name), text);
}

if (import.meta.main) main(process.argv[2], process.argv[3]);
