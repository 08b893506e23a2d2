import type {
  Definition,
  Description,
  Endpoint,
  ObjectShape,
  Operation,
  Shape,
  Variant,
} from "../src/shape.ts";
import { sortKeys } from "./merge-variants.ts";
import type {
  FieldChange,
  OperationCorrection,
  ParameterCorrection,
  Supplement,
} from "./supplement-entry.ts";

/** The imported description with every correction made and every addition in. A correction that hits nothing is an error. */
export function applySupplement(
  imported: Readonly<Record<Variant, Description>>,
  supplement: Supplement,
): Record<Variant, Description> {
  mustHit(imported, supplement);
  return { base: applyTo("base", imported.base, supplement), sdk: applyTo("sdk", imported.sdk, supplement) };
}

function applyTo(variant: Variant, description: Description, all: Supplement): Description {
  const definitions = { ...description.definitions };
  for (const { name, definition } of forVariant(all.addedDefinitions, variant))
    definitions[name] = definition;
  correctParts(definitions, forVariant(all.parts, variant));
  correctResources(definitions, forVariant(all.resources, variant));
  const endpoints = { ...description.endpoints };
  for (const correction of forVariant(all.operations, variant)) {
    const endpoint = endpoints[correction.key];
    if (endpoint !== undefined) endpoints[correction.key] = correctOperations(endpoint, correction);
  }
  for (const [key, endpoint] of Object.entries(endpoints))
    endpoints[key] = { ...endpoint, operations: distinct(endpoint.operations) };
  renameParameters(endpoints, forVariant(all.parameters, variant));
  for (const { key, params, operation } of forVariant(all.addedEndpoints, variant)) {
    const [method = "", path = ""] = key.split(" ");
    endpoints[key] = { method, path, params: params ?? {}, operations: [operation] };
  }
  return { definitions: sortKeys(definitions), endpoints: sortKeys(endpoints) };
}

function forVariant<T extends { readonly variants?: readonly Variant[] }>(
  entries: readonly T[],
  variant: Variant,
): readonly T[] {
  return entries.filter((entry) => entry.variants?.includes(variant) ?? true);
}

function correctParts(definitions: Record<string, Definition>, parts: Supplement["parts"]): void {
  for (const { part, shape } of parts) {
    const [resource = "", name = ""] = part.slice(1).split("/");
    const definition = definitions[resource];
    if (definition === undefined) continue;
    definitions[resource] = { ...definition, parts: sortKeys({ ...definition.parts, [name]: shape }) };
  }
}

function correctResources(definitions: Record<string, Definition>, resources: Supplement["resources"]): void {
  for (const correction of resources) {
    const definition = definitions[correction.resource];
    if (definition === undefined) continue;
    const shape = correction.shape ?? definition.shape ?? { fields: {} };
    definitions[correction.resource] = { ...definition, shape: changeFields(shape, correction, "response") };
  }
}

/** Changes the fields of an object shape; any other shape is returned as it is when nothing is asked of it. */
export function changeFields(shape: Shape, change: FieldChange, direction: "request" | "response"): Shape {
  const { set = {}, remove = [], optional = [], mandatory = [] } = change;
  if (Object.keys(set).length + remove.length + optional.length + mandatory.length === 0) return shape;
  if (typeof shape === "string" || !("fields" in shape))
    throw new Error(`no fields to change in ${JSON.stringify(shape)}`);
  const fields: Record<string, Shape> = { ...shape.fields, ...set };
  for (const name of remove) delete fields[name];
  const before = shape.required ?? (direction === "response" ? Object.keys(shape.fields) : []);
  const added = direction === "response" ? Object.keys(set).filter((name) => !(name in shape.fields)) : [];
  const required = [...new Set([...before, ...added, ...mandatory])]
    .filter((name) => name in fields && !optional.includes(name))
    .sort();
  const { required: _, ...rest } = shape;
  const changed: ObjectShape = { ...rest, fields: sortKeys(fields) };
  const isDefault = required.length === (direction === "response" ? Object.keys(fields).length : 0);
  return isDefault ? changed : { ...changed, required };
}

function correctOperations(endpoint: Endpoint, correction: OperationCorrection): Endpoint {
  const operations = endpoint.operations.map((operation, index) => {
    if ((correction.operation ?? index) !== index) return operation;
    const changed: Operation = { ...operation, ...correction.change };
    if (correction.request === undefined) return changed;
    return {
      ...changed,
      request: changeFields(changed.request ?? { fields: {} }, correction.request, "request"),
    };
  });
  return { ...endpoint, operations };
}

/** Two resources may list the same operation on one path. */
function distinct(operations: readonly Operation[]): readonly Operation[] {
  const seen = new Map<string, Operation>();
  for (const operation of operations) {
    const { resource: _, ...rest } = operation;
    const text = JSON.stringify(rest);
    if (!seen.has(text)) seen.set(text, operation);
  }
  return [...seen.values()];
}

function renameParameters(
  endpoints: Record<string, Endpoint>,
  corrections: readonly ParameterCorrection[],
): void {
  const renamed = new Map<string, string>();
  for (const { key, param, name, part } of corrections) {
    const current = renamed.get(key) ?? key;
    const endpoint = endpoints[current];
    if (endpoint === undefined) continue;
    delete endpoints[current];
    const params: Record<string, string> = {};
    for (const [known, value] of Object.entries(endpoint.params))
      params[known === param ? name : known] = known === param ? (part ?? value) : value;
    const path = endpoint.path.replace(`{${param}}`, `{${name}}`);
    const target = `${endpoint.method} ${path}`;
    endpoints[target] = { ...endpoint, path, params };
    renamed.set(key, target);
  }
}

function mustHit(imported: Readonly<Record<Variant, Description>>, supplement: Supplement): void {
  const inEither = (test: (description: Description) => boolean): boolean =>
    test(imported.base) || test(imported.sdk);
  const added = new Set(supplement.addedDefinitions.map(({ name }) => name));
  const misses = [
    ...[...supplement.operations, ...supplement.parameters]
      .filter(({ key }) => !inEither(({ endpoints }) => key in endpoints))
      .map(({ key }) => key),
    ...supplement.resources
      .filter(
        ({ resource }) => !added.has(resource) && !inEither(({ definitions }) => resource in definitions),
      )
      .map(({ resource }) => resource),
    ...supplement.parts
      .map(({ part }) => part.slice(1).split("/")[0] ?? "")
      .filter((resource) => !added.has(resource) && !inEither(({ definitions }) => resource in definitions)),
  ];
  if (misses.length > 0) throw new Error(`the supplement corrects what is not there: ${misses.join(", ")}`);
}
