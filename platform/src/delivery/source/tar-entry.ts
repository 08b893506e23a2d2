import { invalidParams } from "../../kernel/index.ts";
import { sizeText, type TarLimits } from "./tar-limits.ts";

/** The fields of a tar header that the rules look at. */
export interface TarHeader {
  readonly name: string;
  readonly type: string | null | undefined;
  readonly size: number;
  readonly mode?: number;
  readonly linkname?: string | null;
}

/** An entry in the one form sources are kept in: nothing of the owner, the time or odd permissions is left. */
export type SourceEntry =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly size: number; readonly executable: boolean }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | { readonly kind: "hardlink"; readonly path: string; readonly target: string };

export interface EntryRules {
  readonly limits: TarLimits;
  /** A leading directory to take off every path. */
  readonly strip?: string;
  /** A directory, by its clean path: what is not below it is left out, and its path is taken off the rest. */
  readonly within?: string;
  /**
   * `inside`: a symbolic link must stay inside the source. `any`: it may point anywhere, as in a checkout; it then means
   * what it means inside the dyno.
   */
  readonly links: "inside" | "any";
}

/** Judges entries one after the other; returns undefined for one that is left out, throws invalid_params for a bad one. */
export type JudgeEntry = (header: TarHeader) => SourceEntry | undefined;

/**
 * The rules of a source archive. They hold together: no path leaves the source, none passes through a link or a file, and
 * none comes twice, so that unpacking in order can write nowhere else.
 */
export function makeEntryJudge(rules: EntryRules): JudgeEntry {
  const { limits } = rules;
  const seen = new Map<string, SourceEntry["kind"]>();
  const totals = { entries: 0, bytes: 0, pathBytes: 0 };
  const countIn = (header: TarHeader) => {
    totals.entries += 1;
    totals.bytes += header.size;
    totals.pathBytes += Buffer.byteLength(header.name);
    if (totals.entries > limits.maxEntries || totals.pathBytes > limits.maxAllPathsBytes) {
      throw invalidParams(
        `The source has too many files: more than ${Math.min(limits.maxEntries, totals.entries)}.`,
      );
    }
    if (header.size > limits.maxFileBytes) {
      throw invalidParams(
        `${shown(header.name)} is larger than ${sizeText(limits.maxFileBytes)}, the most for one file.`,
      );
    }
    if (totals.bytes > limits.maxTotalBytes) {
      throw invalidParams(
        `The source unpacks to more than ${sizeText(limits.maxTotalBytes)}, the most that is taken.`,
      );
    }
  };
  return (header) => {
    if (header.type === "pax-global-header") return undefined;
    countIn(header);
    const whole = stripped(cleanPath(header.name, limits), rules.strip);
    const path = below(whole, rules.within);
    if (path === "" || path === undefined) return undefined;
    const entry = classify(header, path, rules);
    requireFreePlace(entry, seen);
    if (entry.kind === "hardlink" && seen.get(entry.target) !== "file") {
      throw invalidParams(
        `${shown(path)} is a hard link to ${shown(entry.target)}, which is no earlier file of the archive.`,
      );
    }
    place(entry, seen);
    return entry;
  };
}

/** The path without `./` and doubled slashes; `""` for the root itself. Throws when it is absolute or climbs. */
export function cleanPath(name: string, limits: Pick<TarLimits, "maxPathBytes">): string {
  if (Buffer.byteLength(name) > limits.maxPathBytes) {
    throw invalidParams(`A path is longer than ${limits.maxPathBytes} bytes: ${shown(name)}.`);
  }
  if (name.includes("\uFFFD"))
    throw invalidParams(`A file name is not UTF-8: ${shown(name)}. Rename the file.`);
  if (name.includes("\0"))
    throw invalidParams(`A file name holds a zero byte: ${shown(name)}. Rename the file.`);
  if (name.startsWith("/"))
    throw invalidParams(`${shown(name)} is an absolute path. Make the archive with relative paths.`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes(".."))
    throw invalidParams(`${shown(name)} leads out of the archive. Paths may not hold "..".`);
  return parts.join("/");
}

function stripped(path: string, strip: string | undefined): string {
  if (strip === undefined) return path;
  return path === strip ? "" : path.slice(strip.length + 1);
}

/** The path from the directory on; undefined for one that is not in it. */
function below(path: string, directory: string | undefined): string | undefined {
  if (directory === undefined || path === directory) return directory === undefined ? path : "";
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}

function classify(header: TarHeader, path: string, rules: EntryRules): SourceEntry {
  switch (header.type) {
    case "directory":
      return { kind: "directory", path };
    case "file":
    case "contiguous-file":
      return { kind: "file", path, size: header.size, executable: ((header.mode ?? 0) & 0o100) !== 0 };
    case "symlink":
      return { kind: "symlink", path, target: symlinkTarget(header, path, rules) };
    case "link":
      return {
        kind: "hardlink",
        path,
        target:
          below(stripped(cleanPath(header.linkname ?? "", rules.limits), rules.strip), rules.within) ?? "",
      };
    default:
      throw invalidParams(
        `${shown(path)} is a ${header.type?.replaceAll("-", " ") ?? "kind of file that is not known"}. A source holds files, directories and links.`,
      );
  }
}

function symlinkTarget(header: TarHeader, path: string, rules: EntryRules): string {
  const target = header.linkname ?? "";
  if (target === "" || target.includes("\0") || Buffer.byteLength(target) > rules.limits.maxPathBytes) {
    throw invalidParams(`The symbolic link ${shown(path)} has no usable target.`);
  }
  if (rules.links === "inside" && !staysInside(path, target)) {
    throw invalidParams(
      `The symbolic link ${shown(path)} points out of the archive, to ${shown(target)}. Remove it.`,
    );
  }
  return target;
}

/**
 * True when the link cannot lead out of the source. `..` may stand only at its beginning and climb no higher than the
 * source's root: behind a name it could climb from wherever another link leads.
 */
export function staysInside(path: string, target: string): boolean {
  if (target.startsWith("/")) return false;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const climbs = parts.findIndex((part) => part !== "..");
  const up = climbs < 0 ? parts.length : climbs;
  return up <= path.split("/").length - 1 && !parts.slice(up).includes("..");
}

function requireFreePlace({ path, kind }: SourceEntry, seen: ReadonlyMap<string, SourceEntry["kind"]>): void {
  const before = seen.get(path);
  if (before !== undefined && !(before === "directory" && kind === "directory")) {
    throw invalidParams(`${shown(path)} is in the archive twice.`);
  }
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    const parentKind = seen.get(parent);
    if (parentKind === undefined || parentKind === "directory") continue;
    throw invalidParams(`${shown(path)} lies below ${shown(parent)}, which is a ${parentKind}.`);
  }
}

/** Remembers the entry, and its parents as the directories they have to be. */
function place({ path, kind }: SourceEntry, seen: Map<string, SourceEntry["kind"]>): void {
  seen.set(path, kind);
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    const parent = path.slice(0, slash);
    if (seen.has(parent)) return;
    seen.set(parent, "directory");
  }
}

/** A name that is safe and short enough for a message. */
function shown(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
  const plain = name.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
  return `"${plain.length > 120 ? `${plain.slice(0, 117)}...` : plain}"`;
}
