type Table = Readonly<Record<string, unknown>>;

/** What a field has to be where it is there: a type, a list of one type, or a table of fields. */
export type FieldType = keyof typeof SIMPLE | Fields | readonly [Fields];
export interface Fields {
  readonly [name: string]: FieldType;
}

const REF: Fields = { id: "text", version: "text", optional: "flag", "exec-env": "texts" };
const NEEDS: Fields = { provides: [{ name: "text" }], requires: [{ name: "text", metadata: "table" }] };
const ORDER: Fields = { order: [{ group: [REF] }] };

/** The files that buildpacks and operators write (Buildpack API 0.12 and Platform API 0.15, "Data Format"). */
export const DESCRIPTORS = {
  order: ORDER,
  system: { system: { pre: { buildpacks: [REF] }, post: { buildpacks: [REF] } } },
  buildpack: {
    ...ORDER,
    api: "text",
    buildpack: {
      ...{ id: "text", version: "text", name: "text", homepage: "text", description: "text" },
      ...{ "clear-env": "flag", "exec-env": "names" },
    },
    targets: [
      {
        ...{ os: "text", arch: "text", variant: "text", "arch-variant": "text" },
        distros: [{ name: "text", version: "text" }],
      },
    ],
  },
  buildPlan: { ...NEEDS, or: [NEEDS] },
  launch: {
    labels: [{ key: "text", value: "text" }],
    processes: [
      {
        ...{ type: "text", command: "text or texts", args: "texts", direct: "flag", default: "flag" },
        ...{ "working-dir": "text", "exec-env": "texts" },
      },
    ],
    slices: [{ paths: "texts" }],
  },
  build: { unmet: [{ name: "text" }] },
  layer: { types: { build: "flag", cache: "flag", launch: "flag" }, metadata: "table" },
  run: { images: [{ image: "text", mirrors: "texts" }] },
} as const satisfies Record<string, Fields>;

/** Throws with the file and the field when a field is there and is something else than it has to be. */
export function requireFields(path: string, file: Table, fields: Fields): void {
  const problem = firstProblem(file, fields, "");
  if (problem) throw new Error(`${path}: ${problem}`);
}

function firstProblem(value: unknown, type: FieldType, name: string): string | undefined {
  if (typeof type === "string")
    return SIMPLE[type].holds(value) ? undefined : `${name} must be ${SIMPLE[type].is}`;
  if (isList(type)) {
    if (!Array.isArray(value)) return `${name} must be a list of tables`;
    return first(value.map((one, i) => () => firstProblem(one, type[0], `${name}[${i}]`)));
  }
  if (!isTable(value)) return `${name} must be a table`;
  const given = Object.entries(type).filter(([key]) => value[key] !== undefined);
  const below = name ? `${name}.` : "";
  return first(
    given.map(
      ([key, kind]) =>
        () =>
          firstProblem(value[key], kind, below + key),
    ),
  );
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem) return problem;
  }
  return undefined;
}

const isList = (type: FieldType): type is readonly [Fields] => Array.isArray(type);
const isText = (value: unknown) => typeof value === "string";
const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

const isName = (value: unknown) =>
  isText(value) || (isTable(value) && (value.name === undefined || isText(value.name)));

const SIMPLE = {
  flag: { is: "true or false", holds: (value: unknown) => typeof value === "boolean" },
  table: { is: "a table", holds: isTable },
  text: { is: "a text", holds: isText },
  texts: { is: "a list of texts", holds: areTexts },
  names: {
    is: "a list of tables with a name, or of texts",
    holds: (value: unknown) => Array.isArray(value) && value.every(isName),
  },
  "text or texts": {
    is: "a text or a list of texts",
    holds: (value: unknown) => isText(value) || areTexts(value),
  },
};
