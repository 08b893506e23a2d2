import type { ErrorObject } from "ajv";

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  null: "null",
};

const formatNames: Readonly<Record<string, string>> = {
  uuid: "an id (a UUID)",
  "date-time": "a time such as 2030-01-31T12:00:00Z",
  date: "a date such as 2030-01-31",
  uri: "a URL",
  email: "an e-mail address",
  ipv4: "an IPv4 address",
};

const maxProblems = 20;

/** Turns a validator's errors into sentences that name the field; at most twenty, none twice. */
export function problemsOf(errors: readonly ErrorObject[]): readonly string[] {
  const choices = errors.filter(({ keyword }) => keyword === "anyOf");
  const outer = errors.filter((error) => !choices.some((choice) => isMember(error, choice)));
  const sentences = outermostOf(outer).flatMap((error) => sentencesOf(error, errors));
  return [...new Set(sentences)].slice(0, maxProblems);
}

/** A value that is none of those listed is told once, also when it is not even of their type. */
function outermostOf(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const enums = new Set(
    errors.filter(({ keyword }) => keyword === "enum").map(({ instancePath }) => instancePath),
  );
  return errors.filter(({ keyword, instancePath }) => keyword !== "type" || !enums.has(instancePath));
}

function sentencesOf(error: ErrorObject, all: readonly ErrorObject[]): readonly string[] {
  if (error.keyword === "anyOf") return choiceSentences(error, all);
  const field = fieldName(error.instancePath);
  if (error.keyword === "required")
    return [`The field ${inField(field, error.params.missingProperty)} is missing.`];
  if (error.keyword === "additionalProperties")
    return [`The field ${inField(field, error.params.additionalProperty)} is not known here.`];
  if (error.keyword === "uniqueItems") return [`${subject(field)} holds the same item twice.`];
  return [`${subject(field)} must ${demandOf(error) ?? `be valid (${error.keyword})`}.`];
}

/** What a field must do or be, as the end of a sentence. */
function demandOf({ keyword, params }: ErrorObject): string | null {
  switch (keyword) {
    case "type":
      return `be ${typeText(params.type)}`;
    case "format":
      return `be ${formatNames[params.format] ?? params.format}`;
    case "enum":
      return `be one of ${params.allowedValues.map(valueText).join(", ")}`;
    case "pattern":
      return `be of the form ${params.pattern}`;
    case "maxLength":
      return `be no longer than ${params.limit} characters`;
    case "minimum":
      return `be ${params.limit} or more`;
    case "minItems":
      return `hold at least ${counted(params.limit, "item", "items")}`;
    case "maxProperties":
      return `hold no more than ${counted(params.limit, "entry", "entries")}`;
    default:
      return null;
  }
}

/**
 * Errors of the members of a choice are summed up. When the value is of the kind of one member, and wrong deeper
 * inside, that member's errors are told instead.
 */
function choiceSentences(choice: ErrorObject, all: readonly ErrorObject[]): readonly string[] {
  const branches = new Map<string, ErrorObject[]>();
  for (const error of all) {
    if (!isMember(error, choice)) continue;
    const branch = error.schemaPath.slice(choice.schemaPath.length + 1).split("/")[0] ?? "";
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  const isOfKind = (errors: readonly ErrorObject[]): boolean =>
    errors.every((error) => error.instancePath !== choice.instancePath || demandOf(error) === null);
  const meant = [...branches.values()].find(isOfKind);
  if (meant !== undefined) return problemsOf(meant);
  const demands = [...branches.values()].flatMap((errors) => outermostOf(errors).map(demandOf));
  const wanted = [...new Set(demands.filter((demand) => demand !== null))];
  const told = wanted.map((demand, index) => (index === 0 ? demand : demand.replace(/^be /, "")));
  return [`${subject(fieldName(choice.instancePath))} must ${told.join(" or ")}.`];
}

function isMember(error: ErrorObject, choice: ErrorObject): boolean {
  return error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`);
}

function typeText(type: string | readonly string[]): string {
  const names = typeof type === "string" ? [type] : type;
  return names.map((name) => typeNames[name] ?? name).join(" or ");
}

function valueText(value: unknown): string {
  return value === null ? "null" : `"${String(value)}"`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function subject(field: string): string {
  return field === "" ? "The body" : `The field ${field}`;
}

/** `/updates/0/quantity` is `updates[0].quantity`. */
function fieldName(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : inField(path, step)), "");
}

function inField(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
