import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { once } from "./description.ts";
import type { RouteKey } from "./generated/route-keys.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { problemsOf } from "./problems.ts";
import type { Shape } from "./shape.ts";

export type RequestValidator = (key: RouteKey, body: unknown) => readonly string[];

/** In a larger body only the first problem is looked for, so that a hostile one costs little. */
const smallBody = 1_000;

interface Candidate {
  readonly shape: Shape;
  readonly check: () => ValidateFunction;
  readonly checkAll: () => ValidateFunction;
}

/**
 * Checks bodies against the shapes of their route. Shapes are read and compiled when they are first needed: checking
 * nothing costs nothing.
 */
export function createRequestValidator(
  readShapes: () => Readonly<Record<string, readonly Shape[]>>,
): RequestValidator {
  const shapes = once(readShapes);
  const first = once(() => makeAjv(false));
  const all = once(() => makeAjv(true));
  const candidates = new Map<string, readonly Candidate[]>();

  const candidatesOf = (key: string): readonly Candidate[] => {
    const known = candidates.get(key);
    if (known !== undefined) return known;
    const possible = shapes()[key];
    if (possible === undefined) throw new Error(`${key} is not a route`);
    const made = possible.map((shape) => ({
      shape,
      check: once(() => first().compile(schemaOf(shape))),
      checkAll: once(() => all().compile(schemaOf(shape))),
    }));
    candidates.set(key, made);
    return made;
  };

  return (key, body) => {
    const value = body ?? {};
    const meant = candidatesOf(key).toSorted((a, b) => fit(b.shape, value) - fit(a.shape, value))[0];
    if (meant === undefined) return [];
    const check = meant.check();
    if (check(value)) return [];
    if (!isSmall(value)) return problemsOf(check.errors ?? []);
    const checkAll = meant.checkAll();
    checkAll(value);
    return problemsOf(checkAll.errors ?? []);
  };
}

/**
 * The patterns come from documents written for expressions without the `u` flag. Only a value's own fields count. Items
 * are compared by what they say: the compiler's own comparison calls methods of theirs, and takes the square of the time.
 */
export function makeAjv(allErrors: boolean): Ajv {
  const ajv = new Ajv({ allErrors, strict: false, unicodeRegExp: false, ownProperties: true });
  formats.default(ajv);
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    errors: false,
    validate: (wanted: boolean, items: readonly unknown[]) =>
      !wanted || new Set(items.map((item) => JSON.stringify(inOrder(item)))).size === items.length,
  });
  return ajv;
}

/** The same value with the fields of every object by name. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, inner]) => [name, inOrder(inner)]));
}

function schemaOf(shape: Shape) {
  const reference = (target: string): never => {
    throw new Error(`${target} was not resolved`);
  };
  return jsonSchemaOf(shape, { direction: "request", reference });
}

/** How well a body fits a shape, judged by its field names alone. */
function fit(shape: Shape, body: unknown): number {
  if (typeof shape === "string" || !("fields" in shape) || typeof body !== "object" || body === null)
    return 0;
  const { fields, required = [] } = shape;
  const known = Object.keys(fields).filter((name) => Object.hasOwn(body, name)).length;
  const missing = required.filter((name) => !Object.hasOwn(body, name)).length;
  return known - missing;
}

function isSmall(body: unknown): boolean {
  const waiting: unknown[] = [body];
  for (let seen = 0; waiting.length > 0; seen += 1) {
    if (seen + waiting.length > smallBody) return false;
    const value = waiting.pop();
    if (typeof value === "object" && value !== null)
      for (const inner of Object.values(value)) waiting.push(inner);
  }
  return true;
}
