import { createHash } from "node:crypto";
import type { Inventory } from "./component.ts";

/** What a bill of materials is about, and by whom. */
export interface BilledImage {
  /** The repository that holds it. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest: string;
  /** When the image says it was made, which is the same each time: RFC 3339. */
  readonly created: string;
  readonly buildpacks: readonly { readonly id: string; readonly version: string }[];
  readonly runImage: { readonly name: string; readonly digest: string };
  readonly inventory: Inventory;
  readonly coniferVersion: string;
}

/** Media types of bills as documents and as artifacts. */
export const BILL_TYPE = {
  cyclonedx: "application/vnd.cyclonedx+json",
  spdx: "application/spdx+json",
} as const;

/** A license expression in SPDX's grammar (SPDX 2.3, annex D): names with operators between them. */
export function isLicenseExpression(text: string): boolean {
  const words = text.replaceAll(/[()]/g, " ").trim().split(/\s+/);
  const isOperator = (word: string) => word === "AND" || word === "OR" || word === "WITH";
  const isName = (word: string) => /^[A-Za-z0-9][A-Za-z0-9.+-]*$/.test(word) && word !== "UNLICENSED";
  return (
    words.length % 2 === 1 &&
    words.every((word, i) => (i % 2 === 1 ? isOperator(word) : isName(word) && !isOperator(word)))
  );
}

/** A UUID that is always the same for the same text (RFC 9562, version 8). */
export function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
