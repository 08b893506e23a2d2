import type { ValidateFunction } from "ajv";
import { once, readDescription } from "./description.ts";
import type { RouteKey } from "./generated/route-keys.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { problemsOf } from "./problems.ts";
import { makeAjv } from "./request-validator.ts";
import type { Definition, Endpoint, Operation, Shape, Variant } from "./shape.ts";

export interface Answer {
  readonly key: RouteKey;
  readonly variant: Variant;
  readonly status: number;
  readonly body: unknown;
}

/** Checks answers against the contract, strictly. Meant for tests: the whole description is kept in memory. */
export function createResponseValidator(): (answer: Answer) => readonly string[] {
  const descriptions = { base: once(() => readDescription("base")), sdk: once(() => readDescription("sdk")) };
  const ajv = once(() => makeAjv(true));
  const compiled = new Map<string, ValidateFunction>();

  /** A route that only the other variant describes is answered as that one says. */
  const endpointOf = (key: RouteKey, variant: Variant): { endpoint: Endpoint; knownTo: Variant } => {
    for (const knownTo of [variant, variant === "base" ? ("sdk" as const) : ("base" as const)]) {
      const endpoint = descriptions[knownTo]().endpoints[key];
      if (endpoint !== undefined) return { endpoint, knownTo };
    }
    throw new Error(`${key} is not a route`);
  };

  const bodyProblems = (operation: Operation, variant: Variant, body: unknown): readonly string[] => {
    if (operation.response === null) return emptyBodyProblems(body);
    const shape: Shape = operation.list ? { list: operation.response } : operation.response;
    const name = `${variant} ${JSON.stringify(shape)}`;
    const schema = () => schemaOf(shape, descriptions[variant]().definitions);
    const validate = compiled.get(name) ?? ajv().compile(schema());
    compiled.set(name, validate);
    return validate(body) ? [] : problemsOf(validate.errors ?? []);
  };

  return ({ key, variant, status, body }) => {
    const { endpoint, knownTo } = endpointOf(key, variant);
    const possible = endpoint.operations.filter(
      (operation) => operation.status === status || (status === 206 && operation.list),
    );
    if (possible.length === 0) {
      const wanted = [...new Set(endpoint.operations.map((operation) => operation.status))].join(" or ");
      return [`The status is ${status}, and should be ${wanted}.`];
    }
    const findings = possible.map((operation) => bodyProblems(operation, knownTo, body));
    return findings.toSorted((a, b) => a.length - b.length)[0] ?? [];
  };
}

/** Clients read an empty object and no body alike. */
function emptyBodyProblems(body: unknown): readonly string[] {
  const isEmpty = body === undefined || body === null || body === "" || JSON.stringify(body) === "{}";
  return isEmpty ? [] : ["There is a body, and there should be none."];
}

/** A schema of its own for one shape, with whatever it refers to beside it. */
function schemaOf(shape: Shape, definitions: Readonly<Record<string, Definition>>): JsonSchema {
  const referred: Record<string, JsonSchema> = {};
  const reference = (target: string): JsonSchema => {
    const [resource = "", part] = target.slice(1).replaceAll("%3F", "?").split("/");
    const definition = definitions[resource];
    const found = part === undefined ? definition?.shape : definition?.parts[part];
    if (found === undefined || found === null) throw new Error(`${target} points nowhere`);
    const name = part === undefined ? resource : `${resource}.${part}`;
    if (!(name in referred)) {
      referred[name] = {};
      referred[name] = jsonSchemaOf(found, { direction: "response", reference });
    }
    return { $ref: `#/$defs/${encodeURIComponent(name)}` };
  };
  const schema = jsonSchemaOf(shape, { direction: "response", reference });
  return { $defs: referred, allOf: [schema] };
}
