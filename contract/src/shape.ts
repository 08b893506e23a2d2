/**
 * What a JSON value may look like, in Conifer's compact notation.
 *
 * A text names a scalar (`"string"`, `"uuid"`, `"integer"`…), anything (`"any"`), an object of any fields (`"object"`)
 * or, after `#`, another shape: `"#app"` is the whole resource, `"#app/name"` a named part of it.
 * A question mark at the end adds null.
 */
export type Shape = string | ScalarShape | EnumShape | ListShape | MapShape | ObjectShape | ChoiceShape;

export interface ScalarShape {
  readonly is: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
}

export interface EnumShape {
  readonly enum: readonly (string | number | null)[];
}

export interface ListShape {
  readonly list: Shape;
  readonly minItems?: number;
  readonly unique?: true;
  readonly null?: true;
}

export interface MapShape {
  readonly map: Shape;
  /** The regular expression that every key matches. */
  readonly keys?: string;
  readonly maxKeys?: number;
  readonly null?: true;
}

export interface ObjectShape {
  readonly fields: Readonly<Record<string, Shape>>;
  /** Absent: every field in a response, none in a request. */
  readonly required?: readonly string[];
  /** Other fields may be there too. */
  readonly open?: true;
  readonly null?: true;
}

export interface ChoiceShape {
  readonly anyOf: readonly Shape[];
}

export type Variant = "base" | "sdk";

export const variants: readonly Variant[] = ["base", "sdk"];

/** A resource: its named parts, which others may point at, and its own fields. */
export interface Definition {
  readonly stability: string;
  readonly parts: Readonly<Record<string, Shape>>;
  /** The whole resource; null when the definition only holds parts and operations. */
  readonly shape: Shape | null;
  /** Parts that a client cannot set. */
  readonly readOnly: readonly string[];
}

/** One thing a route does. */
export interface Operation {
  readonly resource: string;
  readonly rel: string;
  readonly status: number;
  /** The answer is an array, read page by page or whole. */
  readonly list: boolean;
  /** The shape of the answer, or of one element of it; null when the answer has no body. */
  readonly response: Shape | null;
  /** The shape of the request's body; null when it takes none. */
  readonly request: Shape | null;
}

export interface Endpoint {
  readonly method: string;
  /** With one `{name}` a parameter, no name twice. */
  readonly path: string;
  /** For each parameter, the part it identifies, such as `#app/identity`. */
  readonly params: Readonly<Record<string, string>>;
  readonly operations: readonly Operation[];
}

/** One variant of the API, whole. */
export interface Description {
  readonly definitions: Readonly<Record<string, Definition>>;
  /** By `METHOD /path`. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
}
