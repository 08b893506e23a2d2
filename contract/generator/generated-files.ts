import { errorCatalog } from "../src/error-catalog.ts";
import type { RouteDescription } from "../src/route-description.ts";
import type { Description, Variant } from "../src/shape.ts";
import { applySupplement } from "./apply-supplement.ts";
import { compactJson } from "./compact-json.ts";
import { coveragePage } from "./coverage-page.ts";
import { errorsPage } from "./errors-page.ts";
import { mergeVariants } from "./merge-variants.ts";
import { requestShapes } from "./request-shapes.ts";
import { requestTypes } from "./request-types.ts";
import { resourceTypes } from "./resource-types.ts";
import { routeTable } from "./route-table.ts";
import type { Supplement } from "./supplement-entry.ts";

export interface GeneratorInput {
  readonly imported: Readonly<Record<Variant, Description>>;
  readonly supplement: Supplement;
  /** The keys of the routes that the server serves. */
  readonly served: readonly string[];
}

const origin = "made by contract/generate.ts from contract/description and contract/supplement";
const comment = `// @generated ${origin}\n`;

/** Everything that is generated, by path from the root of the repository. The same input gives the same bytes. */
export function generatedFiles({ imported, supplement, served }: GeneratorInput): Record<string, string> {
  const descriptions = applySupplement(imported, supplement);
  const routes = routeTable(descriptions, new Set(supplement.addedEndpoints.map(({ key }) => key)));
  const requests = requestShapes(descriptions);
  const definitions = mergeVariants(descriptions.base.definitions, descriptions.sdk.definitions);
  const endpoints = mergeVariants(descriptions.base.endpoints, descriptions.sdk.endpoints);
  return {
    "contract/src/generated/resources.ts": `${comment}\n${resourceTypes(descriptions).text}`,
    "contract/src/generated/request-bodies.ts": `${comment}\n${requestTypes(requests)}`,
    "contract/src/generated/route-keys.ts": `${comment}\n${routeKeyType(routes)}`,
    "contract/src/generated/routes.ts": `${comment}\n${routesModule(routes)}`,
    "contract/src/generated/requests.json": dataFile({ requests }),
    "contract/src/generated/description.json": dataFile({ definitions, endpoints }),
    "docs/reference/errors.md": errorsPage(errorCatalog),
    "docs/reference/coverage.md": coveragePage(routes, served),
  };
}

function routeKeyType(routes: readonly RouteDescription[]): string {
  return `export type RouteKey =\n${routes.map(({ key }) => `  | ${JSON.stringify(key)}`).join("\n")};\n`;
}

function routesModule(routes: readonly RouteDescription[]): string {
  const header = 'import type { RouteDescription } from "../route-description.ts";\n\n';
  return `${header}export const routes: readonly RouteDescription[] = ${compactJson(routes)};\n`;
}

function dataFile(content: Readonly<Record<string, unknown>>): string {
  return `{ "@generated": ${JSON.stringify(origin)},\n${compactJson(content).replace(/^\{\n?/, "")}\n`;
}
