import { createHash, type Hash } from "node:crypto";

/** The first entry: what a reader must know before all else. The last one: the sums by which it knows that all is there. */
export const HEAD = "head.json";
export const MANIFEST = "manifest.json";

/** Both are read into memory. */
export const DOCUMENT_BYTES = 16 * 1024 * 1024;

/** What all files of a section add up to. */
export interface SectionSum {
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 over name, size and SHA-256 of each file, in their order. */
  readonly digest: string;
}

export interface ArchiveManifest {
  readonly sections: Readonly<Record<string, SectionSum>>;
  readonly details: unknown;
}

/** The archive is not what its writer left: cut off, altered, or made by somebody else. */
export class ArchiveDamaged extends Error {
  override readonly name = "ArchiveDamaged";
}

/** Adds up sections, alike for who writes and who reads. */
export class SectionSums {
  readonly #open = new Map<string, { files: number; bytes: number; readonly hash: Hash }>();

  add(file: { readonly section: string; readonly path: string; size: number; digest: string }): void {
    const { section, path, size, digest } = file;
    const sum = this.#open.get(section) ?? { files: 0, bytes: 0, hash: createHash("sha256") };
    sum.files += 1;
    sum.bytes += size;
    sum.hash.update(`${path}\0${size}\0${digest}\n`);
    this.#open.set(section, sum);
  }

  /** What was added so far. */
  sums(): Record<string, SectionSum> {
    const entries = [...this.#open].map(([section, { files, bytes, hash }]) => {
      return [section, { files, bytes, digest: hash.copy().digest("hex") }] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** `<section>/<path>`; undefined for a name that is not of this form, or that leads out of a folder. */
export function splitName(name: string): { readonly section: string; readonly path: string } | undefined {
  const parts = name.split("/");
  const [section = "", ...rest] = parts;
  const isPlain = (part: string) => /^[A-Za-z0-9_][A-Za-z0-9._,-]{0,254}$/.test(part);
  if (rest.length === 0 || rest.length > 12 || !parts.every(isPlain)) return undefined;
  return { section, path: rest.join("/") };
}
