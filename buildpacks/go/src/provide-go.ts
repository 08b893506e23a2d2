import { rm } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { clearLayer, type Layer, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { askedLately, noteAsked } from "../../shared/runtime-recheck.ts";
import { runtimeSources } from "../../shared/runtime-sources.ts";
import type { Fetcher } from "../../shared/verified-download.ts";
import { type GoSource, goSource } from "./go-sources.ts";
import type { GoRequirement } from "./go-version.ts";
import { fetchGo, type ResolvedGo, resolveGo } from "./resolve-go.ts";
import { unpackGo } from "./unpack-go.ts";

/** What this machine is called by Go, by Node's name. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export interface GoToolchain {
  readonly version: string;
  /** A folder with `bin/go`. */
  readonly root: string;
}

/**
 * The Go toolchain that the app asks for, in a layer that lasts from build to build and never reaches the image. When
 * the app asks for the same as at its last build and that is not a week ago, nothing is asked or fetched.
 */
export async function provideGo(
  context: BuildContext,
  requirement: GoRequirement,
  fetcher: Fetcher,
): Promise<GoToolchain> {
  const sources = listSources(context, fetcher);
  const layer = await openLayer(context.layersDir, "toolchain");
  tellRequirement(context, requirement);
  const asked = {
    wanted: `${requirement.form} ${requirement.wanted?.text ?? ""}`,
    least: requirement.least?.text ?? "",
    sources: context.env.CONIFER_RUNTIME_SOURCES ?? "",
    arch: process.arch,
    buildpack: context.version,
  };
  const kept = keptVersion(layer, asked);
  if (kept !== undefined && (await standsStill(layer, requirement, kept))) {
    context.log.detail(`Using Go ${kept}, as at the last build`);
    await saveLayer(layer, { cache: true }, { ...asked, version: kept });
    return { version: kept, root: layer.dir };
  }
  const version = await newVersion(context, { requirement, sources, kept });
  if (version !== kept) await renew(context, { layer, version, sources });
  await noteAsked(path.join(layer.dir, ".checked"));
  await saveLayer(layer, { cache: true }, { ...asked, version });
  return { version, root: layer.dir };
}

function listSources(context: BuildContext, fetcher: Fetcher): readonly GoSource[] {
  const arch = ARCHITECTURES[process.arch];
  if (arch === undefined) {
    throw new BuildFailure(`There is no Go for this machine (${process.arch}).`, ["Build on x64 or arm64."]);
  }
  const read = runtimeSources(context.env.CONIFER_RUNTIME_SOURCES, {
    name: "go",
    standard: "official registry",
  });
  if (!read.ok) throw new BuildFailure(read.message, ["This is a setting of the operator's."]);
  return read.sources.map((source) => goSource(source, { arch, env: context.env, fetcher }));
}

function tellRequirement({ log }: BuildContext, { stated, statedIn, form }: GoRequirement): void {
  if (stated === undefined) {
    log.detail(
      "No version asked for; taking the newest. Set one by the go line of go.mod: go mod edit -go=1.25",
    );
  } else {
    log.detail(
      `Version asked for: ${stated}${form === "line" ? ", the newest of its line" : ""} (${statedIn})`,
    );
  }
}

function keptVersion(layer: Layer, asked: Readonly<Record<string, string>>): string | undefined {
  const version = layer.metadata?.version;
  const isSame = typeof version === "string" && sameMetadata(layer, { ...asked, version });
  return isSame && layer.restored ? version : undefined;
}

async function standsStill(layer: Layer, requirement: GoRequirement, version: string): Promise<boolean> {
  if (requirement.form === "exact" && requirement.wanted?.text === version) return true;
  return await askedLately(path.join(layer.dir, ".checked"));
}

interface Asking {
  readonly requirement: GoRequirement;
  readonly sources: readonly GoSource[];
  /** The version that is there already and would do. */
  readonly kept: string | undefined;
}

async function newVersion(context: BuildContext, { requirement, sources, kept }: Asking): Promise<string> {
  const { log } = context;
  try {
    const found = await resolveGo(requirement, sources, (line) => log.detail(line));
    tellChoice(context, requirement, found);
    return found.version;
  } catch (thrown) {
    if (kept === undefined || !(thrown instanceof BuildFailure)) throw thrown;
    log.detail(`No source could be asked for a newer version; using Go ${kept}, as at the last build`);
    return kept;
  }
}

function tellChoice({ log }: BuildContext, { stated, statedIn }: GoRequirement, found: ResolvedGo): void {
  if (found.compromise !== undefined) {
    log.warn(
      `${stated} (${statedIn}) is not to be had here; using ${found.version}, ${
        found.compromise === "a newer line" ? "the nearest newer line" : "of the same line"
      }.`,
    );
  }
  log.detail(`Using Go ${found.version} from ${found.from}`);
}

async function renew(
  context: BuildContext,
  { layer, version, sources }: { layer: Layer; version: string; sources: readonly GoSource[] },
): Promise<void> {
  context.log.detail(`Fetching Go ${version}`);
  // A build that is stopped here leaves no metadata, so that what it has unpacked is not taken for a toolchain.
  await rm(`${layer.dir}.toml`, { force: true });
  await fetchGo(version, sources, async (archive) => {
    await clearLayer(layer);
    await unpackGo(context, archive, layer.dir);
  });
}
