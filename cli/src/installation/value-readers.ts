/** One value of an installation: what it is, and how it is read from YAML. */
export interface ValueSpec<T> {
  /** For people, as the guide has it. */
  readonly about: string;
  readonly fallback: T;
  /** Such as `a whole number from 1 to 20`. */
  readonly form: string;
  /** The value; undefined when it has another form. */
  read(given: unknown): T | undefined;
  readonly secret?: boolean;
}

export function text<T extends string | undefined>(
  about: string,
  fallback: T,
  { form = "a text", pattern = /^.+$/s, secret = false }: TextForm = {},
): ValueSpec<string | T> {
  const read = (given: unknown) => (typeof given === "string" && pattern.test(given) ? given : undefined);
  return { about, fallback, form, read, secret };
}

interface TextForm {
  readonly form?: string;
  readonly pattern?: { test(given: string): boolean };
  readonly secret?: boolean;
}

export function whole(about: string, fallback: number, least: number, most: number): ValueSpec<number> {
  const read = (given: unknown) =>
    typeof given === "number" && Number.isInteger(given) && given >= least && given <= most
      ? given
      : undefined;
  return { about, fallback, form: `a whole number from ${least} to ${most}`, read };
}

export function oneOf<T extends string>(about: string, choices: readonly T[]): ValueSpec<T> {
  const [first] = choices;
  if (first === undefined) throw new Error("a choice needs choices");
  const read = (given: unknown) => choices.find((choice) => choice === given);
  return { about, fallback: first, form: `one of ${choices.join(", ")}`, read };
}

export function truth(about: string, fallback: boolean): ValueSpec<boolean> {
  const read = (given: unknown) => (typeof given === "boolean" ? given : undefined);
  return { about, fallback, form: "true or false", read };
}

export function texts(about: string): ValueSpec<readonly string[]> {
  const read = (given: unknown) =>
    Array.isArray(given) && given.every((one) => typeof one === "string") ? given : undefined;
  return { about, fallback: [], form: "a list of texts", read };
}

export type Texts = Readonly<Record<string, string>>;

/** Numbers and truths become texts, since whoever writes YAML leaves quotes out. */
export function textMap(about: string): ValueSpec<Texts> {
  const read = (given: unknown) => {
    if (!isFields(given)) return undefined;
    const isPlain = (one: unknown) => ["string", "number", "boolean"].includes(typeof one);
    if (!Object.values(given).every(isPlain)) return undefined;
    return Object.fromEntries(Object.entries(given).map(([name, one]) => [name, String(one)]));
  };
  return { about, fallback: {}, form: "names with texts", read };
}

/** The syntax of labels (Kubernetes, "Labels and Selectors"). */
const LABEL_NAME =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/;

/** Labels that all have to be there. */
export function labelMap(about: string): ValueSpec<Texts> {
  const texts = textMap(about);
  const read = (given: unknown) => {
    const labels = texts.read(given);
    const isGood = ([name, value]: [string, string]) => LABEL_NAME.test(name) && LABEL_VALUE.test(value);
    return labels && Object.entries(labels).every(isGood) ? labels : undefined;
  };
  return { ...texts, form: "labels, such as {kubernetes.io/metadata.name: monitoring}", read };
}

export type FieldList = readonly Readonly<Record<string, unknown>>[];

/** Passed on to the cluster as it is. */
export function fieldList(about: string): ValueSpec<FieldList> {
  const read = (given: unknown) => (Array.isArray(given) && given.every(isFields) ? given : undefined);
  return { about, fallback: [], form: "a list of objects", read };
}

export function isFields(given: unknown): given is Record<string, unknown> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

/** `100m`, `2`, `0.5`: processors. */
export const cpu = (about: string, fallback: string) =>
  text(about, fallback, { form: "processors, such as 500m or 2", pattern: /^\d+(?:\.\d{1,3}|m)?$/ });

const UNITS: Readonly<Record<string, number>> = {
  ...{ Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 },
  ...{ k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
};

/** How many bytes a value of the form of `bytes` names. (Kubernetes, "Quantity") */
export function bytesIn(text: string): number {
  const unit = text.replace(/^\d+/, "");
  return Number.parseInt(text, 10) * (UNITS[unit] ?? 1);
}

/** `512Mi`, `10Gi`: bytes. */
export const bytes = (about: string, fallback: string) =>
  text(about, fallback, {
    form: "an amount of bytes, such as 512Mi or 10Gi",
    pattern: /^[1-9]\d*(?:Ki|Mi|Gi|Ti|k|M|G|T)?$/,
  });
