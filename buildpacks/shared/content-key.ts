import { createHash } from "node:crypto";

/** A name for content: equal for equal parts in the same order, whatever their lengths. */
export function contentKey(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex");
}
