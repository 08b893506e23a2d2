/** A package that is in an image, as its bill of materials tells it. */
export interface SbomPackage {
  readonly kind: "deb" | "npm";
  readonly name: string;
  readonly version: string;
  /** Debian's architecture of a package of Debian. */
  readonly architecture?: string;
  /** An expression of SPDX identifiers; missing where none is known. */
  readonly license?: string;
  /** Of the file that was fetched, in hex. */
  readonly checksum?: { readonly algorithm: "SHA256" | "SHA512"; readonly hex: string };
  readonly homepage?: string;
}
