import { routes } from "./generated/routes.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { linkTitles, type TitledLink } from "./link-titles.ts";
import type { Definition, Description, Endpoint, Operation, Shape } from "./shape.ts";

type Direction = "request" | "response";

const metaSchema = "http://json-schema.org/draft-04/hyper-schema";
const dialect = "http://interagent.github.io/interagent-hyper-schema";

/** A description as a JSON hyper-schema document (draft 4) with Heroku's conventions; every sentence in it is ours. */
export function hyperSchema(description: Description): Record<string, unknown> {
  const operations = operationsByResource(description);
  const definitions: Record<string, unknown> = {};
  const properties: Record<string, unknown> = {};
  const names = new Set([...Object.keys(description.definitions), ...operations.keys()]);
  for (const name of [...names].sort()) {
    const definition = description.definitions[name] ?? emptyDefinition;
    definitions[name] = resourceSchema(name, definition, linkTitles(operations.get(name) ?? []));
    properties[name] = { $ref: `#/definitions/${name}` };
  }
  return {
    $schema: dialect,
    type: ["object"],
    title: "Conifer Platform API",
    description: "Apps, their code, their config and all that runs them, as resources over HTTP.",
    definitions,
    properties,
    links: [
      { href: "/schema", method: "GET", rel: "self", title: "Schema", description: "Show this document." },
    ],
  };
}

const emptyDefinition: Definition = { stability: "development", parts: {}, shape: null, readOnly: [] };

type OwnedOperation = { readonly endpoint: Endpoint; readonly operation: Operation };

/** Shorter paths first, so that they get the shorter names. */
function operationsByResource(description: Description): Map<string, OwnedOperation[]> {
  const byResource = new Map<string, OwnedOperation[]>();
  const endpoints = Object.values(description.endpoints).toSorted(
    (a, b) => Object.keys(a.params).length - Object.keys(b.params).length,
  );
  for (const endpoint of endpoints)
    for (const operation of endpoint.operations)
      byResource.set(operation.resource, [
        ...(byResource.get(operation.resource) ?? []),
        { endpoint, operation },
      ]);
  return byResource;
}

function resourceSchema(name: string, definition: Definition, links: readonly TitledLink[]): JsonSchema {
  return {
    $schema: metaSchema,
    title: `Conifer Platform API - ${spoken(name)}`,
    description: `What the API tells about one ${plain(name)}.`,
    stability: definition.stability,
    strictProperties: true,
    type: ["object"],
    definitions: partSchemas(name, definition),
    links: links.map(linkSchema),
    ...ownSchema(definition.shape),
  };
}

/** The fields of the resource; one that is not an object is told by a reference or as it is. */
function ownSchema(shape: Shape | null): JsonSchema {
  if (shape === null) return {};
  const { type: _, additionalProperties: __, ...rest } = draft4(shape, "response");
  return rest;
}

function partSchemas(resource: string, { parts, readOnly }: Definition): JsonSchema {
  const root: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(parts)) {
    const schema = {
      description: `${plain(name)} of the ${plain(resource)}`,
      ...(readOnly.includes(name) ? { readOnly: true } : {}),
      ...draft4(shape, "response"),
    };
    placePart(root, name.split("."), schema);
  }
  return root;
}

/** `owner.id` stands in the definitions of `owner`. */
function placePart(
  level: Record<string, unknown>,
  [name = "", ...rest]: readonly string[],
  schema: JsonSchema,
): void {
  const known = (level[name] ?? {}) as Record<string, unknown>;
  if (rest.length === 0) {
    level[name] = { ...known, ...schema };
    return;
  }
  const inner = (known.definitions ?? {}) as Record<string, unknown>;
  placePart(inner, rest, schema);
  level[name] = { ...known, definitions: inner };
}

function linkSchema({ endpoint, operation, title }: TitledLink): JsonSchema {
  const target = targetSchema(operation);
  return {
    title,
    description: `${sentenceOf(endpoint, operation)}.`,
    href: hrefOf(endpoint),
    method: endpoint.method,
    rel: operation.rel,
    ...(operation.request === null ? {} : { schema: draft4(operation.request, "request") }),
    ...(target === null ? {} : { targetSchema: target }),
  };
}

function targetSchema({ response, list }: Operation): JsonSchema | null {
  if (response === null) return null;
  const one = draft4(response, "response");
  return list ? { type: ["array"], items: one } : one;
}

function sentenceOf(endpoint: Endpoint, operation: Operation): string {
  const route = routes.find(({ key }) => key === `${endpoint.method} ${endpoint.path}`);
  const index = endpoint.operations.indexOf(operation);
  const title = route?.operations[index]?.title ?? route?.operations[0]?.title;
  return title ?? `${endpoint.method} ${endpoint.path}`;
}

/** A path with its parameters as percent-encoded pointers in `{(…)}`. */
function hrefOf({ path, params }: Endpoint): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const target = params[name];
    if (target === undefined) throw new Error(`${path} does not say what ${name} is`);
    return `{(${encodeURIComponent(pointer(target))})}`;
  });
}

/** `#app/id` is `#/definitions/app/definitions/id`. */
function pointer(target: string): string {
  const [resource = "", part] = target.slice(1).split("/");
  if (part === undefined) return `#/definitions/${resource}`;
  const steps = part.replaceAll("%3F", "?").split(".");
  return `#/definitions/${resource}/definitions/${steps.join("/definitions/")}`;
}

/** In the dialect, types stand in lists and a closed object is marked with `strictProperties`. */
function draft4(shape: Shape, direction: Direction): JsonSchema {
  const schema = jsonSchemaOf(shape, { direction, reference: (target) => ({ $ref: pointer(target) }) });
  return inDialect(schema) as JsonSchema;
}

function inDialect(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inDialect);
  if (typeof value !== "object" || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inDialect(inner)]));
  if (typeof schema.type === "string") schema.type = [schema.type];
  if (schema.properties !== undefined && schema.additionalProperties === false) {
    delete schema.additionalProperties;
    schema.strictProperties = true;
  }
  return schema;
}

/** `output_stream_url` is `output stream url`. */
function plain(name: string): string {
  return name.replaceAll(/[-_.]/g, " ");
}

/** `log-drain` is `Log Drain`. */
function spoken(name: string): string {
  return name
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}
