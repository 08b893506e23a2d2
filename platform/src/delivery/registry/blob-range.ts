import type { ByteRange } from "./registry-ports.ts";

/** What part of a blob a `Range` header asks for: `whole` also when the header is none that we serve (RFC 9110 §14.2). */
export type AskedRange =
  | { readonly kind: "whole" }
  | ({ readonly kind: "part" } & ByteRange)
  | { readonly kind: "unsatisfiable" };

/** Reads a `Range` header for a blob of so many bytes. Several ranges in one header count as none. */
export function askedRange(header: string | undefined, sizeBytes: number): AskedRange {
  const found = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/.exec(header ?? "");
  if (!found) return { kind: "whole" };
  const [, from, to, last] = found;
  const start = last === undefined ? Number(from) : Math.max(0, sizeBytes - Number(last));
  const end = last === undefined && to ? Math.min(Number(to), sizeBytes - 1) : sizeBytes - 1;
  if (last === undefined && to && Number(to) < start) return { kind: "whole" };
  if (start >= sizeBytes || (last !== undefined && Number(last) === 0)) return { kind: "unsatisfiable" };
  return { kind: "part", start, end };
}

/** Reads the `Content-Range` of a piece of an upload: `<start>-<end>`, both included, with or without a unit. */
export function pieceRange(header: string): ByteRange | undefined {
  const found = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header);
  if (!found) return undefined;
  const [start, end] = [Number(found[1]), Number(found[2])];
  return end < start ? undefined : { start, end };
}
