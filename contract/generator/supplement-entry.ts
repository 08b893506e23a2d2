import type { Definition, Operation, Shape, Variant } from "../src/shape.ts";

interface Entry {
  /** Where the fact comes from. */
  readonly source: string;
  /** Absent: both. */
  readonly variants?: readonly Variant[];
}

/** How the fields of an object differ from what was imported. */
export interface FieldChange {
  /** New fields, or other shapes for known ones. */
  readonly set?: Readonly<Record<string, Shape>>;
  readonly remove?: readonly string[];
  /** Fields that may be left out; every other one keeps what it had. New fields of a request may always be left out. */
  readonly optional?: readonly string[];
  /** Fields that must be there. */
  readonly mandatory?: readonly string[];
}

/** An endpoint that clients use and no schema document lists. */
export interface AddedEndpoint extends Entry {
  readonly key: string;
  /** The part each parameter identifies. */
  readonly params?: Readonly<Record<string, string>>;
  readonly operation: Operation;
}

/** A resource, or a named part, that no schema document lists, or one of another shape. */
export interface AddedDefinition extends Entry {
  readonly name: string;
  readonly definition: Definition;
}

/** Another shape for a named part, such as `#app/git_url`. */
export interface PartCorrection extends Entry {
  readonly part: string;
  readonly shape: Shape;
}

/** Other fields for a resource. */
export interface ResourceCorrection extends Entry, FieldChange {
  readonly resource: string;
  /** Takes the place of the whole shape, before the fields change. */
  readonly shape?: Shape;
}

/** A slip in the description of an operation, or what it takes beyond it. */
export interface OperationCorrection extends Entry {
  /** The key as imported. */
  readonly key: string;
  /** Which of several operations, counted from 0; absent: all. */
  readonly operation?: number;
  readonly change?: Partial<Operation>;
  readonly request?: FieldChange;
}

/** A parameter under a better name, or that identifies another part. */
export interface ParameterCorrection extends Entry {
  readonly key: string;
  readonly param: string;
  readonly name: string;
  readonly part?: string;
}

export interface Supplement {
  readonly addedEndpoints: readonly AddedEndpoint[];
  readonly addedDefinitions: readonly AddedDefinition[];
  readonly parts: readonly PartCorrection[];
  readonly resources: readonly ResourceCorrection[];
  readonly operations: readonly OperationCorrection[];
  readonly parameters: readonly ParameterCorrection[];
}
