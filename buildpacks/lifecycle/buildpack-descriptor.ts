import { join } from "node:path";
import { requireBuildpackApi } from "./api-versions.ts";
import { readDescriptor, type TomlTable, table, tables, text, texts } from "./toml-files.ts";

/** A buildpack as it is named in an order or a group. */
export interface BuildpackRef {
  readonly id: string;
  readonly version: string;
  readonly optional: boolean;
  readonly execEnv: readonly string[];
}

export interface Target {
  readonly os: string;
  readonly arch: string;
  readonly variant: string;
  readonly distros: readonly { readonly name: string; readonly version: string }[];
}

/** A buildpack.toml, read (Buildpack API 0.12, "buildpack.toml"). */
export interface Buildpack {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly homepage: string;
  readonly description: string;
  readonly api: string;
  readonly folder: string;
  readonly clearEnv: boolean;
  readonly execEnv: readonly string[];
  readonly targets: readonly Target[];
  /** Groups of a composite buildpack; empty for a component one. */
  readonly order: readonly (readonly BuildpackRef[])[];
  readonly metadata: TomlTable;
}

/** The name of a buildpack's folder: an id may hold slashes, a folder's name may not. */
export function folderName(id: string): string {
  return id.replaceAll("/", "_");
}

/**
 * Reads a buildpack of the buildpacks folder, which is called as the order calls it, whatever it calls itself. Throws when it
 * is missing; exit code 12 for an API not spoken here.
 */
export async function readBuildpack(buildpacks: string, id: string, version: string): Promise<Buildpack> {
  const folder = join(buildpacks, folderName(id), version);
  const file = await readDescriptor(join(folder, "buildpack.toml"), "buildpack");
  if (!file) throw new Error(`buildpack ${id}@${version} is not in ${buildpacks}`);
  const info = table(file.buildpack);
  const api = text(file.api);
  requireBuildpackApi(id, api);
  return {
    id,
    version,
    name: text(info.name) || id,
    homepage: text(info.homepage),
    description: text(info.description),
    api,
    folder,
    clearEnv: info["clear-env"] === true,
    execEnv: readExecEnv(info["exec-env"]),
    targets: tables(file.targets).map(readTarget),
    order: readOrder(file),
    metadata: table(file.metadata),
  };
}

/** The groups of an order.toml or of a composite buildpack. */
export function readOrder(file: TomlTable): BuildpackRef[][] {
  return tables(file.order).map((order) => tables(order.group).map(readRef));
}

export function readRef(entry: TomlTable): BuildpackRef {
  return {
    id: text(entry.id),
    version: text(entry.version),
    optional: entry.optional === true,
    execEnv: texts(entry["exec-env"]),
  };
}

/** Tables with a `name`, as the specification writes them, or names alone, as buildpacks write them that others try. */
function readExecEnv(value: unknown): string[] {
  return tables(value).map((entry: unknown) => (typeof entry === "string" ? entry : text(table(entry).name)));
}

function readTarget(entry: TomlTable): Target {
  return {
    os: text(entry.os),
    arch: text(entry.arch),
    variant: text(entry.variant) || text(entry["arch-variant"]),
    distros: tables(entry.distros).map((distro) => ({
      name: text(distro.name),
      version: text(distro.version),
    })),
  };
}

/** What the run image is, as far as it is known. */
export interface RunTarget {
  readonly os: string;
  readonly arch: string;
  readonly variant?: string;
  readonly distroName?: string;
  readonly distroVersion?: string;
}

/** Whether a buildpack may build for the target: a field that is not given matches anything. */
export function supportsTarget(targets: readonly Target[], run: RunTarget): boolean {
  if (targets.length === 0) return run.os === "" || run.os === "linux";
  const same = (wanted: string, is: string | undefined) => !wanted || !is || wanted === is;
  return targets.some(
    ({ os, arch, variant, distros }) =>
      same(os, run.os) &&
      same(arch, run.arch) &&
      same(variant, run.variant) &&
      (distros.length === 0 ||
        distros.some((d) => same(d.name, run.distroName) && same(d.version, run.distroVersion))),
  );
}

/** Whether something limited to execution environments takes part in this one; no limit, or `*`, is all. */
export function supportsExecEnv(limits: readonly string[], execEnv: string): boolean {
  return limits.length === 0 || limits.includes("*") || limits.includes(execEnv);
}
