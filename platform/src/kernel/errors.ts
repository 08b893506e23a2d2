import type { ErrorId } from "@conifer/contract";

/** What an error body carries beside id and message. */
export interface ErrorDetails {
  /** On `not_found`: which kind of thing was not found, such as `app`. */
  readonly resource?: string;
  readonly app?: { readonly id: string; readonly name: string };
  readonly url?: string;
  readonly cause?: unknown;
}

/**
 * A failure that the caller can understand and act on. The one mapper in `http/` turns it into a response;
 * its status comes from the contract's catalogue of error ids. Everything else thrown is ours and answers 500.
 */
export class BusinessError extends Error {
  override readonly name = "BusinessError";
  readonly id: ErrorId;
  readonly details: ErrorDetails;

  constructor(id: ErrorId, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.id = id;
    this.details = details;
  }
}

/** A store of content in another place cannot be used at the moment, or not as it is set up. What is wrong is for the log. */
export class StoreAway extends Error {
  override readonly name: string = "StoreAway";
}

/** The resource does not exist, or the caller may not know that it does. */
export function notFound(resource: string): BusinessError {
  return new BusinessError("not_found", `Couldn't find that ${resource.replaceAll("_", " ")}.`, { resource });
}

export function invalidParams(message: string): BusinessError {
  return new BusinessError("invalid_params", message);
}

export function forbidden(message: string): BusinessError {
  return new BusinessError("forbidden", message);
}

export function conflict(message: string): BusinessError {
  return new BusinessError("conflict", message);
}

/** The text of anything thrown, for a log line or a wrapping message; several failures in one are all told. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.message !== "") return thrown.message;
  if (thrown instanceof AggregateError && thrown.errors.length > 0)
    return thrown.errors.map(errorText).join("; ");
  return thrown.name;
}

/** For the `default` of a switch over a tagged union: a new member becomes a type error here. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
