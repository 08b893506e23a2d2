import { type Field, listMembers, withoutBlanks } from "./field.ts";

/** How a message's body ends (RFC 9112 §6.3). `close`: with the connection. */
export type BodyLength =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

export const NO_BODY: BodyLength = { kind: "none" };
export const CHUNKED: BodyLength = { kind: "chunked" };
export const UNTIL_CLOSE: BodyLength = { kind: "close" };

/** What the fields say about the body, before the kind of message is looked at. */
export type StatedLength =
  | { readonly kind: "unstated" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked"; readonly alsoLength: boolean }
  | { readonly kind: "bad-length" }
  | { readonly kind: "bad-coding" }
  | { readonly kind: "unknown-coding" };

const UNSTATED: StatedLength = { kind: "unstated" };
/** Lengths above this could not be counted exactly. */
const LENGTH = /^\d{1,15}$/;

/**
 * Reads Content-Length and Transfer-Encoding. The same length said twice counts once; two different ones are
 * `bad-length`. The only coding is `chunked`, once.
 */
export function statedLength(fields: readonly Field[]): StatedLength {
  let lengths: string | undefined;
  let codings: string | undefined;
  for (const { lower, value } of fields) {
    if (lower === "content-length") lengths = lengths === undefined ? value : `${lengths},${value}`;
    else if (lower === "transfer-encoding") codings = codings === undefined ? value : `${codings},${value}`;
  }
  if (codings !== undefined) {
    const members = listMembers(codings);
    if (members.at(-1) !== "chunked" || members.indexOf("chunked") !== members.length - 1)
      return { kind: "bad-coding" };
    if (members.length > 1) return { kind: "unknown-coding" };
    return { kind: "chunked", alsoLength: lengths !== undefined };
  }
  if (lengths === undefined) return UNSTATED;
  if (LENGTH.test(lengths)) return { kind: "length", bytes: Number(lengths) };
  const said = new Set(lengths.split(",").map((length) => withoutBlanks(length, 0)));
  const [only = ""] = said;
  return said.size === 1 && LENGTH.test(only)
    ? { kind: "length", bytes: Number(only) }
    : { kind: "bad-length" };
}
