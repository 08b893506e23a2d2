import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import {
  clearLayer,
  dropLayer,
  type Layer,
  openLayer,
  sameMetadata,
  saveLayer,
} from "../../shared/layer-folder.ts";
import { askedLately, noteAsked } from "../../shared/runtime-recheck.ts";
import { runtimeSources } from "../../shared/runtime-sources.ts";
import { type Fetcher, unpackArchive } from "../../shared/verified-download.ts";
import { basePythons, type Python } from "./base-pythons.ts";
import { chooseOfLine, chooseVersion, type PythonRequirement } from "./python-version.ts";
import { type PythonSource, type StandalonePython, standaloneSources } from "./standalone-pythons.ts";
import { compareVersions } from "./version-specifier.ts";

const MOST_OFFERED = 8;

export interface PythonUse {
  readonly fetcher: Fetcher;
  /** Where the base has its programs. */
  readonly baseFolder?: string;
}

/**
 * The Python that the app asks for: of the base where it has one that fits, else one that is fetched from the operator's
 * sources into the layer `python`, else one of the base of the same line with a warning. Throws a BuildFailure that lists
 * the versions that are to be had.
 */
export async function providePython(
  context: BuildContext,
  requirement: PythonRequirement,
  { fetcher, baseFolder }: PythonUse,
): Promise<Python> {
  const layer = await openLayer(context.layersDir, "python");
  const base = await basePythons(context, baseFolder);
  const best = chooseVersion(
    requirement.allows,
    base.map(({ version }) => version),
  );
  const ofBase = (version: string | undefined) => base.find((python) => python.version === version);
  const fitting = ofBase(best);
  if (fitting !== undefined) {
    await dropLayer(layer);
    tellBase(context, requirement, fitting);
    return fitting;
  }
  const search: Search = { requirement, sources: listSources(context, fetcher), layer };
  const kept = await keptPython(context, search);
  if (kept !== undefined) return kept;
  const found = await findStandalone(context, search);
  const sameLine = ofBase(
    chooseOfLine(
      requirement,
      base.map(({ version }) => version),
    ),
  );
  const { log } = context;
  if (found.python !== undefined && (found.exact || sameLine === undefined)) {
    if (!found.exact) warnOfLine(context, requirement, found.python.version);
    log.detail(`Using Python ${found.python.version} from ${found.from}, as ${requirement.statedIn} asks`);
    return await unpackStandalone(context, search, { python: found.python, fetcher });
  }
  await dropLayer(layer);
  if (sameLine === undefined) throw notToBeHad(requirement, base, found);
  warnOfLine(context, requirement, sameLine.version);
  return sameLine;
}

interface Search {
  readonly requirement: PythonRequirement;
  readonly sources: readonly PythonSource[];
  readonly layer: Layer;
}

function tellBase({ log }: BuildContext, { statedIn, text }: PythonRequirement, { version }: Python): void {
  log.detail(
    statedIn === undefined
      ? `No version asked for; using the base's Python ${version}. Set .python-version to choose.`
      : `Using Python ${version}, as ${statedIn} asks${text === version ? "" : ` (${text})`}`,
  );
}

function warnOfLine({ log }: BuildContext, { text, statedIn }: PythonRequirement, version: string): void {
  log.warn(
    `Python ${text.replace(/^\D+/, "")} (${statedIn}) is not to be had here; using ${version} of the same line.`,
  );
}

function listSources(context: BuildContext, fetcher: Fetcher): readonly PythonSource[] {
  const setting = context.env.CONIFER_RUNTIME_SOURCES?.trim();
  // The base is always there, so that a list without a source of Python is fine.
  const read = runtimeSources(setting ? `${setting} registry` : undefined, {
    name: "python",
    standard: "official",
  });
  if (!read.ok) throw new BuildFailure(read.message, ["This is a setting of the operator's."]);
  return standaloneSources(read.sources, process.arch, fetcher);
}

interface Found {
  readonly python?: StandalonePython;
  readonly exact: boolean;
  readonly from: string;
  /** What the sources have, or why they could not be asked; a line each. */
  readonly answers: readonly string[];
}

/** The first source with a version that is allowed decides; else the first with one of the same line. */
async function findStandalone({ log }: BuildContext, { requirement, sources }: Search): Promise<Found> {
  const answers: string[] = [];
  let second: Found | undefined;
  for (const source of sources) {
    try {
      const list = await source.list();
      const versions = list.map(({ version }) => version);
      const of = (version: string | undefined) => list.find((one) => one.version === version);
      const [best, near] = [
        of(chooseVersion(requirement.allows, versions)),
        of(chooseOfLine(requirement, versions)),
      ];
      if (best) return { python: best, exact: true, from: source.name, answers };
      if (near) second ??= { python: near, exact: false, from: source.name, answers };
      const newest = versions.toSorted((a, b) => compareVersions(b, a)).slice(0, MOST_OFFERED);
      answers.push(`  ${source.name} has ${newest.join(", ") || "none for this machine"}.`);
    } catch (thrown) {
      answers.push(`  ${source.name} could not be asked: ${reasonOf(thrown)}.`);
      log.detail(`Passing over ${source.name}: ${reasonOf(thrown)}.`);
    }
  }
  return second ?? { exact: false, from: "", answers };
}

/** The Python of the last build, when the app asks for the same and that is not a week ago. */
async function keptPython(
  context: BuildContext,
  { requirement, layer }: Search,
): Promise<Python | undefined> {
  const version = String(layer.metadata?.version ?? "");
  if (!layer.restored || !sameMetadata(layer, layerMetadata(context, requirement, version))) return undefined;
  const check = await openLayer(context.layersDir, "python-check");
  const fresh = await askedLately(path.join(check.dir, "checked"));
  if (!fresh && requirement.text !== version) return undefined;
  await saveLayer(check, { cache: true }, {});
  await saveLayer(layer, TYPES, layerMetadata(context, requirement, version));
  context.log.detail(`Using Python ${version}, as at the last build`);
  return standaloneAt(layer, version);
}

const TYPES = { launch: true, cache: true };

function layerMetadata(context: BuildContext, requirement: PythonRequirement, version: string) {
  return {
    version,
    asked: requirement.text,
    arch: process.arch,
    sources: context.env.CONIFER_RUNTIME_SOURCES ?? "",
    buildpack: context.version,
  };
}

async function unpackStandalone(
  context: BuildContext,
  { requirement, layer }: Search,
  { python, fetcher }: { readonly python: StandalonePython; readonly fetcher: Fetcher },
): Promise<Python> {
  const { env, signal } = context;
  const { version, download } = python;
  const metadata = layerMetadata(context, requirement, version);
  if (!layer.restored || !sameMetadata(layer, metadata)) {
    context.log.detail(`Fetching Python ${version}`);
    const archive = await fetcher.file(download).catch((thrown: unknown) => {
      throw new BuildFailure(`Python ${version} could not be fetched: ${reasonOf(thrown)}.`, [
        "Push again to repeat the build. A checksum that differs means a broken mirror or proxy; tell the operator.",
      ]);
    });
    await clearLayer(layer);
    await unpackArchive(archive, layer.dir, { members: ["*"], env, signal });
  }
  await saveLayer(layer, TYPES, metadata);
  const check = await openLayer(context.layersDir, "python-check");
  await clearLayer(check);
  await noteAsked(path.join(check.dir, "checked"));
  await saveLayer(check, { cache: true }, {});
  return standaloneAt(layer, version);
}

function standaloneAt(layer: Layer, version: string): Python {
  const line = version.split(".").slice(0, 2).join(".");
  return { program: path.join(layer.dir, "bin", `python${line}`), version };
}

function notToBeHad(
  { text, statedIn }: PythonRequirement,
  base: readonly Python[],
  { answers }: Found,
): BuildFailure {
  const has = base.map(({ version }) => version).join(", ");
  if (statedIn === undefined) {
    return new BuildFailure(["This machine's base has no Python 3.", ...answers].join("\n"), [
      "The operator installs it: apt-get install python3 python3-venv python3-pip",
    ]);
  }
  const versions = `Versions that are: ${has || "none on the base"}.`;
  return new BuildFailure([`Python ${text} (${statedIn}) is not to be had here.`, ...answers].join("\n"), [
    `${versions} Change ${statedIn}, or have the operator install another Python on the base`,
    "or name a mirror: CONIFER_RUNTIME_SOURCES=official,registry,python=<URL>",
  ]);
}
