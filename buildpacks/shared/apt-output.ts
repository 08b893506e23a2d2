import { createHash } from "node:crypto";

/** A package in one version, as apt names it. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
}

/** A package as the archive's signed index describes it. */
export interface DebianPackage extends PackageVersion {
  readonly architecture: string;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Of the .deb file. */
  readonly bytes: number;
  /** The record of the index, a field a line. */
  readonly record: string;
}

/** What `apt-get --simulate install` would install, by name. */
export function parseInstalls(text: string): PackageVersion[] {
  const found = text
    .split("\n")
    .map((line) => /^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) /.exec(line))
    .flatMap((match) =>
      match ? [{ name: (match[1] ?? "").split(":", 1)[0] ?? "", version: match[2] ?? "" }] : [],
    );
  return found.sort(byName);
}

/**
 * The packages that `apt-cache show` describes, by name, each once.
 * @throws Error when one lacks what is needed to check its file
 */
export function parseRecords(text: string): DebianPackage[] {
  const packages = new Map<string, DebianPackage>();
  for (const record of text.split(/\n\n+/).map((part) => part.trim())) {
    if (record === "") continue;
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(record)?.[1]?.trim() ?? "";
    const [name, version, sha256] = [field("Package"), field("Version"), field("SHA256")];
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name) || !/^[0-9a-f]{64}$/.test(sha256) || version === "")
      throw new Error(
        `The package index describes ${name || "a package without a name"} and gives no SHA256.`,
      );
    const architecture = field("Architecture");
    const one = { name, version, architecture, sha256, bytes: Number(field("Size")), record };
    if (!packages.has(name)) packages.set(name, one);
  }
  return [...packages.values()].sort(byName);
}

/** Fields that say where a file lies in an archive, and nothing of an installed package. */
const OF_THE_ARCHIVE = /^(?:Filename|Size|MD5sum|SHA1|SHA256|SHA512|Description-md5|APT-.*|Status):/i;

/** /var/lib/dpkg/status, by which scanners tell what is in an image. */
export function makeDpkgStatus(packages: readonly DebianPackage[]): string {
  return packages.map((one) => `${statusRecord(one.record)}\n`).join("\n");
}

function statusRecord(record: string): string {
  let kept = true;
  const lines = record.split("\n").filter((line) => {
    if (!/^\s/.test(line)) kept = !OF_THE_ARCHIVE.test(line);
    return kept;
  });
  const [first = "", ...others] = lines;
  return [first, "Status: install ok installed", ...others].join("\n");
}

/** A name for an image: of all that goes into it. `recipe` names what is made of the packages, and how. */
export function contentName(packages: readonly DebianPackage[], recipe: string): string {
  const hash = createHash("sha256").update(recipe);
  for (const { name, sha256 } of packages) hash.update(`\n${name} ${sha256}`);
  return hash.digest("hex").slice(0, 20);
}

function byName(a: PackageVersion, b: PackageVersion): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
