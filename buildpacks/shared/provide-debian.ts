import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DebianPackage } from "./apt-output.ts";
import { type AptSession, openAptSession, requireBase } from "./apt-session.ts";
import type { BuildContext } from "./build-context.ts";
import { BuildFailure } from "./build-failure.ts";
import type { DebianBase } from "./debian-archive.ts";
import { debianVariables, packagesKey, unpackDebian, writeDebianSbom } from "./debian-layer.ts";
import { clearLayer, type Layer, openLayer, sameMetadata, saveLayer, setLayerEnv } from "./layer-folder.ts";
import { askedLately, noteAsked } from "./runtime-recheck.ts";

/** What a layer of Debian's packages is to be. */
export interface DebianWish {
  /** Name of the layer. */
  readonly layer: string;
  /** What the packages are chosen by; while it stays the same, those of the last build stand for a week. */
  readonly asked: Readonly<Record<string, string>>;
  /** The packages to have, in what the release has; told to the log by the caller. */
  choose(apt: AptSession): Promise<DebianChoice>;
  /** Makes of the unpacked packages what is wanted of them. Not called when the last build's layer stands. */
  finish?(made: { readonly layer: Layer; readonly base: DebianBase }): Promise<void>;
}

export interface DebianChoice {
  readonly packages: readonly DebianPackage[];
  /** Kept with the layer for the builds that use it again. */
  readonly notes?: Readonly<Record<string, string>>;
}

export interface DebianLayer {
  readonly layer: Layer;
  readonly base: DebianBase;
  readonly packages: readonly KeptPackage[];
  readonly notes: Readonly<Record<string, string>>;
  readonly isNew: boolean;
}

type KeptPackage = Pick<DebianPackage, "name" | "version" | "architecture" | "sha256">;
type Kept = Pick<DebianLayer, "packages" | "notes">;

const LIST = "packages.json";

/**
 * A layer for build and launch with packages of the base's release, by apt. That of the last build is used as it is
 * when the same is asked for and the archive was asked less than a week ago, or cannot be reached now.
 * @throws BuildFailure when packages are not to be had
 */
export async function provideDebian(context: BuildContext, wish: DebianWish): Promise<DebianLayer> {
  const base = await requireBase(context);
  const layer = await openLayer(context.layersDir, wish.layer);
  const check = await openLayer(context.layersDir, `${wish.layer}-check`);
  const kept = await keptLayer(context, { wish, base, layer });
  if (kept !== undefined && (await askedLately(path.join(check.dir, "checked")))) {
    await saveLayer(check, { cache: true }, {});
    return await save(context, { wish, base, layer, isNew: false, kept });
  }
  const made = await chooseAnew(context, { wish, base, layer, kept }).catch((thrown: unknown) => {
    if (kept === undefined || !(thrown instanceof BuildFailure)) throw thrown;
    context.log.detail("The archive cannot be asked for newer packages; using those of the last build");
    return { ...kept, isNew: false };
  });
  await clearLayer(check);
  await noteAsked(path.join(check.dir, "checked"));
  await saveLayer(check, { cache: true }, {});
  return await save(context, { wish, base, layer, isNew: made.isNew, kept: made });
}

interface Making {
  readonly wish: DebianWish;
  readonly base: DebianBase;
  readonly layer: Layer;
}

async function chooseAnew(
  context: BuildContext,
  { wish, base, layer, kept }: Making & { readonly kept: Kept | undefined },
): Promise<Kept & { readonly isNew: boolean }> {
  const apt = await openAptSession(context, base);
  try {
    const { packages, notes = {} } = await wish.choose(apt);
    if (kept !== undefined && layer.metadata?.packages === packagesKey(packages)) {
      return { ...kept, notes, isNew: false };
    }
    const bytes = packages.reduce((sum, one) => sum + one.bytes, 0);
    context.log.detail(
      `Fetching ${packages.length} packages of ${base.id} ${base.codename} (${(bytes / 1e6).toFixed(1)} MB)`,
    );
    await unpackDebian(context, apt, { packages, layer });
    const list = packages.map(({ name, version, architecture, sha256 }) => ({
      ...{ name, version, architecture, sha256 },
    }));
    await writeFile(path.join(layer.dir, LIST), `${JSON.stringify({ packages: list, notes })}\n`);
    await setVariables(layer, base);
    await wish.finish?.({ layer, base });
    return { packages: list, notes, isNew: true };
  } finally {
    await apt.close();
  }
}

async function setVariables(layer: Layer, base: DebianBase): Promise<void> {
  const { launch, build } = await debianVariables(layer.dir, base);
  for (const variable of launch) await setLayerEnv(layer, "env", variable);
  for (const variable of build) await setLayerEnv(layer, "env.build", variable);
}

async function keptLayer(context: BuildContext, { wish, base, layer }: Making): Promise<Kept | undefined> {
  if (!layer.restored) return undefined;
  const key = String(layer.metadata?.packages ?? "");
  if (!sameMetadata(layer, metadataOf(context, { wish, base }, key))) return undefined;
  try {
    return JSON.parse(await readFile(path.join(layer.dir, LIST), "utf8")) as Kept;
  } catch {
    return undefined;
  }
}

function metadataOf(context: BuildContext, { wish, base }: Pick<Making, "wish" | "base">, packages: string) {
  return {
    ...wish.asked,
    packages,
    release: `${base.id}-${base.version}`,
    arch: base.architecture,
    sources: context.env.CONIFER_RUNTIME_SOURCES ?? "",
    buildpack: context.version,
  };
}

async function save(
  context: BuildContext,
  { wish, base, layer, isNew, kept }: Making & { readonly isNew: boolean; readonly kept: Kept },
): Promise<DebianLayer> {
  const key = packagesKey(kept.packages);
  await saveLayer(
    layer,
    { launch: true, build: true, cache: true },
    metadataOf(context, { wish, base }, key),
  );
  await writeDebianSbom(layer, base, kept.packages);
  return { layer, base, packages: kept.packages, notes: kept.notes, isNew };
}
