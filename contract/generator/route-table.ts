import type { RouteDescription, RouteOperation } from "../src/route-description.ts";
import type { Endpoint, Operation, Variant } from "../src/shape.ts";
import { variants } from "../src/shape.ts";
import { operationTitles } from "./operation-titles.ts";
import { referenceOf } from "./resolve-shape.ts";
import type { Descriptions } from "./resource-types.ts";

/** All routes of both variants, in the order of their paths. */
export function routeTable(
  descriptions: Descriptions,
  added: ReadonlySet<string>,
): readonly RouteDescription[] {
  const keys = new Set(variants.flatMap((variant) => Object.keys(descriptions[variant].endpoints)));
  return [...keys]
    .map((key) => routeOf(key, descriptions, added))
    .sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
}

function routeOf(key: string, descriptions: Descriptions, added: ReadonlySet<string>): RouteDescription {
  const known = variants.filter((variant) => key in descriptions[variant].endpoints);
  const endpoints = known.map((variant) => endpointOf(key, descriptions, variant));
  const [first] = endpoints;
  const [operation] = first?.operations ?? [];
  if (first === undefined || operation === undefined) throw new Error(`${key} does nothing`);
  const operations = endpoints.flatMap((endpoint) => {
    const titles = operationTitles(endpoint);
    return endpoint.operations.map((each, index) => routeOperation(each, titles[index] ?? key));
  });
  return {
    key: key as RouteDescription["key"],
    method: first.method as RouteDescription["method"],
    path: first.path,
    params: Object.keys(first.params),
    variants: known,
    resource: operation.resource,
    operations: distinct(operations),
    origin: added.has(key) ? "supplement" : "schema",
  };
}

function endpointOf(key: string, descriptions: Descriptions, variant: Variant): Endpoint {
  const endpoint = descriptions[variant].endpoints[key];
  if (endpoint === undefined) throw new Error(`${key} is not in ${variant}`);
  return endpoint;
}

function routeOperation(operation: Operation, title: string): RouteOperation {
  const { rel, status, list } = operation;
  return { title, rel, status, list, response: responseName(operation) };
}

/** Every answer is a resource of its own; the supplement makes one where the documents point at a mere part. */
export function responseName({ response }: Operation): string | null {
  if (response === null) return null;
  const target = typeof response === "string" ? referenceOf(response) : null;
  if (target === null || target.part !== null)
    throw new Error(`an answer must be a resource: ${JSON.stringify(response)}`);
  return target.resource;
}

function distinct(operations: readonly RouteOperation[]): readonly RouteOperation[] {
  return [...new Map(operations.map((operation) => [JSON.stringify(operation), operation])).values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
