import type { PathPattern } from "../launch/path-pattern.ts";
import { type HeaderRule, headerProblem, type Route, type SiteConfig } from "../launch/site-config.ts";

/** What a file says about a site; what it does not say is undefined. */
export interface SiteStatements {
  /** The site's folder, relative to the app's. */
  readonly root?: string | undefined;
  readonly index?: string | undefined;
  readonly cleanUrls?: boolean | undefined;
  readonly httpsOnly?: boolean | undefined;
  readonly notFound?: SiteConfig["notFound"] | undefined;
  readonly headers: readonly HeaderRule[];
  readonly routes: readonly Route[];
  /** A command of the app's own that makes the files: a program and what it is given. */
  readonly build?: readonly string[] | undefined;
}

/** What is wrong with a file: problems end the build, warnings tell what is passed over. */
export interface Remarks {
  readonly problems: string[];
  readonly warnings: string[];
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const MEANT = { string: "a text", boolean: "true or false", number: "a number" } as const;

interface Types {
  readonly string: string;
  readonly boolean: boolean;
  readonly number: number;
}

/** A value of a type, at a path of tables such as `errors.404.status`; anything else there is a problem. */
export function fieldOf<T extends keyof Types>(
  fields: Fields,
  path: string,
  type: T,
  { problems }: Remarks,
): Types[T] | undefined {
  const value = path
    .split(".")
    .reduce<unknown>((inner, key) => (isFields(inner) ? inner[key] : undefined), fields);
  if (value === undefined || typeof value === type) return value as Types[T] | undefined;
  problems.push(`${path} has to be ${MEANT[type]}`);
  return undefined;
}

/** The tables below a name, by their keys; none when there is nothing. */
export function tableOf(
  fields: Fields,
  name: string,
  { problems }: Remarks,
): readonly (readonly [string, unknown])[] {
  const value = fields[name];
  if (value === undefined) return [];
  if (isFields(value)) return Object.entries(value);
  problems.push(`${name} has to be a table`);
  return [];
}

/** Headers by the paths they are for: a table of tables of texts. */
export function headersOf(
  fields: Fields,
  syntax: PathPattern["syntax"],
  remarks: Remarks,
): readonly HeaderRule[] {
  return tableOf(fields, "headers", remarks).map(([path, set]) => ({
    pattern: { syntax, text: path },
    set: tableOf({ [`headers."${path}"`]: set }, `headers."${path}"`, remarks).flatMap(([name, value]) =>
      headerOf(name, value, remarks),
    ),
  }));
}

/** One header, or none and a problem. */
export function headerOf(
  name: string,
  value: unknown,
  { problems }: Remarks,
): readonly (readonly [string, string])[] {
  const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  const why = typeof text === "string" ? headerProblem(name, text) : "its value has to be a text";
  if (why === undefined) return [[name, String(text)]];
  problems.push(`the header ${JSON.stringify(name)} cannot be sent: ${why}`);
  return [];
}

const REDIRECTS = [301, 302, 303, 307, 308];

export function isRedirect(status: number): boolean {
  return REDIRECTS.includes(status);
}
