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
  const enums = new Set(
    errors.filter(({ keyword }) => keyword === "enum").map(({ instancePath }) => instancePath),
  );
  const isTold = ({ keyword, instancePath }: ErrorObject): boolean =>
    keyword === "type" && enums.has(instancePath);
  const told = errors.filter((error) => !isInside(error, choices) && !isTold(error));
  const sentences = told.map((error) =>
    sentenceOf(error, error.keyword === "anyOf" ? inside(error, errors) : []),
  );
  return [...new Set(sentences)].slice(0, maxProblems);
}

/** Errors of the members of a choice, other choices among them, are summed up in one sentence for the outer choice. */
function isInside(error: ErrorObject, choices: readonly ErrorObject[]): boolean {
  return choices.some((choice) => isMember(error, choice));
}

function inside(choice: ErrorObject, errors: readonly ErrorObject[]): readonly ErrorObject[] {
  return errors.filter((error) => error !== choice && isMember(error, choice));
}

function isMember(error: ErrorObject, choice: ErrorObject): boolean {
  return error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`);
}

function sentenceOf(error: ErrorObject, members: readonly ErrorObject[]): string {
  const field = fieldName(error.instancePath);
  switch (error.keyword) {
    case "required":
      return `The field ${fieldName(`${error.instancePath}/${error.params.missingProperty}`)} is missing.`;
    case "additionalProperties":
      return `The field ${fieldName(`${error.instancePath}/${error.params.additionalProperty}`)} is not known here.`;
    case "type":
      return `${subject(field)} must be ${typeText(error.params.type)}.`;
    case "format":
      return `${subject(field)} must be ${formatNames[error.params.format] ?? error.params.format}.`;
    case "enum":
      return `${subject(field)} must be one of ${error.params.allowedValues.map(valueText).join(", ")}.`;
    case "pattern":
      return `${subject(field)} is not of the allowed form (${error.params.pattern}).`;
    case "anyOf":
      return choiceSentence(field, members);
    default:
      return `${subject(field)} ${error.message ?? "is not valid"}.`;
  }
}

function choiceSentence(field: string, members: readonly ErrorObject[]): string {
  const wanted = members.flatMap(({ keyword, params, instancePath }) => {
    if (fieldName(instancePath) !== field) return [];
    if (keyword === "type") return [typeText(params.type)];
    if (keyword === "format") return [formatNames[params.format] ?? String(params.format)];
    if (keyword === "enum") return params.allowedValues.map(valueText);
    return [];
  });
  if (wanted.length > 0) return `${subject(field)} must be ${[...new Set(wanted)].join(" or ")}.`;
  const [first] = members;
  return first === undefined ? `${subject(field)} is not valid.` : sentenceOf(first, []);
}

function typeText(type: string | readonly string[]): string {
  const names = typeof type === "string" ? [type] : type;
  return names.map((name) => typeNames[name] ?? name).join(" or ");
}

function valueText(value: unknown): string {
  return value === null ? "null" : `"${String(value)}"`;
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
    .reduce(
      (path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === "" ? step : `${path}.${step}`),
      "",
    );
}
