import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import type { RouteKey } from "./generated/route-keys.ts";
import { hyperSchema } from "./hyper-schema.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { problemsOf } from "./problems.ts";
import type { Definition, Description, Endpoint, ObjectShape, Operation, Shape, Variant } from "./shape.ts";

type PerVariant<T> = { readonly both: T } | { readonly [variant in Variant]?: T };
type Table<T> = Readonly<Record<string, PerVariant<T>>>;

/**
 * Made once, at the first use. They depend on nothing but the generated files beside this one, so holding them in the
 * module changes no answer.
 */
const requestTable = once(
  () => readGenerated<{ requests: Readonly<Record<string, readonly Shape[]>> }>("requests.json").requests,
);
const description = {
  base: once(() => readDescription("base")),
  sdk: once(() => readDescription("sdk")),
};
const requestValidators = new Map<string, readonly RequestValidator[]>();
const responseValidators = new Map<string, ValidateFunction>();
const ajv = once(() => {
  const instance = new Ajv({ allErrors: true, strict: false, verbose: true, validateFormats: true });
  formats.default(instance);
  return instance;
});

interface RequestValidator {
  readonly shape: Shape;
  readonly validate: ValidateFunction;
}

/**
 * Says what is wrong with the body of a request, one sentence a problem, each naming its field; empty when it is
 * valid. Fields that the route does not know are a problem. A missing body counts as `{}`; a GET has none, its fields
 * come in the query. Bodies are the same in both variants. Where a route does several things, the one whose fields
 * the body uses is meant. Throws for a key that is no route.
 */
export function validateRequest(key: RouteKey, _variant: Variant, body: unknown): readonly string[] {
  const isEmptyGet = key.startsWith("GET ") && (body ?? null) === null;
  if (isEmptyGet) return [];
  const validators = requestValidatorsOf(key);
  const value = body ?? {};
  const meant = validators.toSorted((a, b) => fit(b.shape, value) - fit(a.shape, value))[0];
  if (meant === undefined || meant.validate(value)) return [];
  return problemsOf(meant.validate.errors ?? [], value);
}

/**
 * Says where an answer is not exactly what the contract promises: status, list or not, every field there, no other
 * field, types and formats. For tests. Throws for a key that is no route.
 */
export function validateResponse(
  key: RouteKey,
  variant: Variant,
  status: number,
  body: unknown,
): readonly string[] {
  const { endpoint, knownTo } = endpointOf(key, variant);
  const possible = endpoint.operations.filter(
    (operation) => operation.status === status || (status === 206 && operation.list),
  );
  if (possible.length === 0)
    return [
      `The status ${status} is not one of ${endpoint.operations.map((each) => each.status).join(", ")}.`,
    ];
  const findings = possible.map((operation) => responseProblems(operation, knownTo, body));
  return findings.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

/** A route that only the other variant describes is answered as that one says: a server asks for no variant. */
function endpointOf(key: RouteKey, variant: Variant): { endpoint: Endpoint; knownTo: Variant } {
  for (const knownTo of [variant, variant === "base" ? ("sdk" as const) : ("base" as const)]) {
    const endpoint = description[knownTo]().endpoints[key];
    if (endpoint !== undefined) return { endpoint, knownTo };
  }
  throw new Error(`${key} is not a route`);
}

/** The document that `GET /schema` answers: JSON hyper-schema in the dialect that Heroku's client generators read. */
export function schemaDocument(variant: Variant): Record<string, unknown> {
  return hyperSchema(description[variant]());
}

function requestValidatorsOf(key: RouteKey): readonly RequestValidator[] {
  const known = requestValidators.get(key);
  if (known !== undefined) return known;
  const shapes = requestTable()[key];
  if (shapes === undefined) throw new Error(`${key} is not a route`);
  const made = shapes.map((shape) => ({ shape, validate: ajv().compile(requestSchema(shape)) }));
  requestValidators.set(key, made);
  return made;
}

function requestSchema(shape: Shape): JsonSchema {
  const reference = (target: string): JsonSchema => {
    throw new Error(`${target} was not resolved`);
  };
  return jsonSchemaOf(shape, { direction: "request", reference });
}

/** How well a body fits a shape, judged by its field names alone. */
function fit(shape: Shape, body: unknown): number {
  if (typeof shape === "string" || !("fields" in shape) || typeof body !== "object" || body === null)
    return 0;
  const { fields, required = [] }: ObjectShape = shape;
  const known = Object.keys(body).filter((name) => name in fields).length;
  const missing = required.filter((name) => !(name in body)).length;
  return known - missing;
}

function responseProblems(operation: Operation, variant: Variant, body: unknown): readonly string[] {
  if (operation.response === null) {
    const isEmpty = body === undefined || body === null || body === "";
    return isEmpty || JSON.stringify(body) === "{}" ? [] : ["There is a body, and there should be none."];
  }
  const shape: Shape = operation.list ? { list: operation.response } : operation.response;
  const validate = responseValidatorOf(shape, variant);
  return validate(body) ? [] : problemsOf(validate.errors ?? [], body);
}

function responseValidatorOf(shape: Shape, variant: Variant): ValidateFunction {
  const name = `${variant} ${JSON.stringify(shape)}`;
  const known = responseValidators.get(name);
  if (known !== undefined) return known;
  const made = ajv().compile(responseSchema(shape, variant));
  responseValidators.set(name, made);
  return made;
}

/** A schema of its own for one shape, with whatever it refers to beside it. */
function responseSchema(shape: Shape, variant: Variant): JsonSchema {
  const { definitions } = description[variant]();
  const referred: Record<string, JsonSchema> = {};
  const reference = (target: string): JsonSchema => {
    const [resource = "", part] = target.slice(1).split("/");
    const name = target.slice(1).replaceAll("/", ".").replaceAll("%3F", "?");
    const definition = definitions[resource];
    const found = part === undefined ? definition?.shape : definition?.parts[part.replaceAll("%3F", "?")];
    if (found === undefined || found === null) throw new Error(`${target} points nowhere`);
    if (!(name in referred)) {
      referred[name] = {};
      referred[name] = jsonSchemaOf(found, { direction: "response", reference });
    }
    return { $ref: `#/$defs/${encodeURIComponent(name)}` };
  };
  const schema = jsonSchemaOf(shape, { direction: "response", reference });
  return { $defs: referred, allOf: [schema] };
}

function readDescription(variant: Variant): Description {
  const { definitions, endpoints } = readGenerated<{
    definitions: Table<Definition>;
    endpoints: Table<Endpoint>;
  }>("description.json");
  return { definitions: pick(definitions, variant), endpoints: pick(endpoints, variant) };
}

function pick<T>(table: Table<T>, variant: Variant): Record<string, T> {
  const picked: Record<string, T> = {};
  for (const [name, entry] of Object.entries(table)) {
    const value = "both" in entry ? entry.both : entry[variant];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

function readGenerated<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`generated/${name}`, import.meta.url), "utf8"));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
