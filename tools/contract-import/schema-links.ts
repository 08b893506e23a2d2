import { sortKeys } from "../../contract/generator/merge-variants.ts";
import type { Endpoint, Operation, Shape } from "../../contract/src/shape.ts";
import { definitionOf, type JsonSchema, reference, shapeOf } from "./schema-shapes.ts";

export interface SchemaLink {
  readonly href: string;
  readonly method?: string;
  /** In one published document a link holds a pointer here. */
  readonly rel?: unknown;
  readonly schema?: JsonSchema;
  readonly targetSchema?: JsonSchema;
}

export interface SchemaDocument {
  readonly definitions: Readonly<Record<string, JsonSchema & { readonly links?: readonly SchemaLink[] }>>;
}

/** Parts that only say which resource is meant: the parameter is named after the resource. */
const identityParts = new Set([
  "identity",
  "id",
  "name",
  "number",
  "query_identity",
  "scopedIdentity",
  "user_identity",
]);

/** All endpoints of a document, by `METHOD /path`. Links that share both become operations of one endpoint. */
export function endpointsOf(document: SchemaDocument): Record<string, Endpoint> {
  const endpoints: Record<string, Endpoint> = {};
  for (const [resource, schema] of Object.entries(sortKeys(document.definitions))) {
    for (const link of schema.links ?? []) {
      const method = (link.method ?? "GET").toUpperCase();
      const { path, params } = pathOf(link.href);
      const key = `${method} ${path}`;
      const known = endpoints[key];
      const operations = [...(known?.operations ?? []), operationOf(resource, link)];
      endpoints[key] = { method, path, params, operations };
    }
  }
  return endpoints;
}

export function definitionsOf(document: SchemaDocument): Record<string, ReturnType<typeof definitionOf>> {
  return Object.fromEntries(
    Object.entries(document.definitions).map(([name, schema]) => [name, definitionOf(schema)]),
  );
}

/** Turns an href with percent-encoded pointers into a path with named parameters. */
export function pathOf(href: string): { path: string; params: Record<string, string> } {
  const params: Record<string, string> = {};
  const path = href.replace(/\{\(([^)]*)\)\}/g, (_, encoded: string) => {
    const part = reference(decodeURIComponent(encoded));
    const name = freshName(parameterName(part), params);
    params[name] = part;
    return `{${name}}`;
  });
  return { path, params };
}

function parameterName(part: string): string {
  const [resource = "", field = ""] = part.slice(1).split("/");
  return (identityParts.has(field) ? resource : field).replaceAll("-", "_");
}

function freshName(name: string, taken: Readonly<Record<string, string>>): string {
  if (!(name in taken)) return name;
  for (let number = 2; ; number += 1) if (!(`${name}_${number}` in taken)) return `${name}_${number}`;
}

function operationOf(resource: string, link: SchemaLink): Operation {
  const rel = typeof link.rel === "string" ? link.rel : "";
  const target = link.targetSchema;
  const list = target === undefined ? rel === "instances" : target.items !== undefined;
  const status = rel === "create" ? 201 : rel === "empty" ? 202 : 200;
  return {
    resource,
    rel,
    status,
    list,
    response: rel === "empty" ? null : responseOf(resource, target),
    request: link.schema === undefined ? null : shapeOf(link.schema),
  };
}

function responseOf(resource: string, target: JsonSchema | undefined): Shape {
  if (target === undefined) return `#${resource}`;
  return shapeOf(target.items ?? target);
}
