import type { RouteKey } from "./generated/route-keys.ts";
import type { Variant } from "./shape.ts";

/** One path of the API under one method. */
export interface RouteDescription {
  readonly key: RouteKey;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters in braces, such as `/apps/{app}/dynos/{dyno}`; no name twice. */
  readonly path: string;
  readonly params: readonly string[];
  /** The variants that know it. */
  readonly variants: readonly Variant[];
  /** The resource it belongs to, such as `log-drain`. */
  readonly resource: string;
  /** More than one where the body tells what is meant, or where the variants answer differently. */
  readonly operations: readonly RouteOperation[];
  readonly origin: "schema" | "supplement";
}

export interface RouteOperation {
  readonly title: string;
  readonly rel: string;
  readonly status: number;
  /** The answer is an array. */
  readonly list: boolean;
  /** The resource that is answered, or whose list is; null when the answer has no body. */
  readonly response: string | null;
}
