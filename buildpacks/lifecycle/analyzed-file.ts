import type { RunTarget } from "./buildpack-descriptor.ts";
import type { StandsOn } from "./oci.ts";
import { type TomlTable, table, text } from "./toml-files.ts";

/** The metadata of a launch layer of an earlier image, as its label holds it. */
export interface LayerRecord {
  readonly sha: string;
  readonly data?: TomlTable;
  readonly build: boolean;
  readonly launch: boolean;
  readonly cache: boolean;
  /** What the layer adds to the launch environment, so that its content is not needed to launch from it again. */
  readonly contribution?: unknown;
}

/** The label `io.buildpacks.lifecycle.metadata` (Platform API 0.15). */
export interface LifecycleMetadata extends StandsOn {
  readonly app?: readonly { readonly sha: string }[];
  readonly sbom?: { readonly sha: string };
  readonly config?: { readonly sha: string };
  readonly launcher?: { readonly sha: string };
  readonly "process-types"?: { readonly sha: string };
  readonly "exec-env"?: string;
  readonly buildpacks?: readonly {
    readonly key: string;
    readonly version: string;
    readonly store?: { readonly metadata?: TomlTable };
    readonly layers?: Readonly<Record<string, LayerRecord>>;
  }[];
}

/** `analyzed.toml`: what is known of the image before this one, and of the run image. */
export interface Analyzed {
  /** Path of the previous image's layout; empty when there is none. */
  readonly previous: string;
  readonly metadata: LifecycleMetadata;
  readonly runImage: { readonly image: string; readonly reference: string };
  readonly target: RunTarget;
}

export function readAnalyzed(file: TomlTable | undefined): Analyzed {
  const runImage = table(file?.["run-image"]);
  return {
    previous: text(table(file?.image).reference),
    metadata: table(file?.metadata) as LifecycleMetadata,
    runImage: { image: text(runImage.image), reference: text(runImage.reference) },
    target: readTarget(file),
  };
}

/** The target of the run image; this machine's, when it is not known. */
export function readTarget(file: TomlTable | undefined): RunTarget {
  const target = table(table(file?.["run-image"]).target);
  const distro = table(target.distro);
  return {
    os: text(target.os) || "linux",
    arch: text(target.arch) || (process.arch === "x64" ? "amd64" : process.arch),
    variant: text(target.variant),
    distroName: text(distro.name),
    distroVersion: text(distro.version),
  };
}

export function analyzedTable(analyzed: Analyzed): object {
  return {
    ...(analyzed.previous ? { image: { reference: analyzed.previous }, metadata: analyzed.metadata } : {}),
    "run-image": {
      ...analyzed.runImage,
      extend: false,
      target: targetTable(analyzed.target),
    },
  };
}

export function targetTable({ os, arch, variant, distroName, distroVersion }: RunTarget): TomlTable {
  const distro = distroName ? { distro: { name: distroName, version: distroVersion ?? "" } } : {};
  return { os, arch, ...(variant ? { variant } : {}), ...distro };
}
