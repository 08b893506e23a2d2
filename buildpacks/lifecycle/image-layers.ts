import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Analyzed, LayerRecord } from "./analyzed-file.ts";
import { divideApp } from "./app-slices.ts";
import type { GroupMember } from "./group-file.ts";
import { exists, type ImageLayer, writeLayer } from "./image-layout.ts";
import { type LaunchContribution, NO_CONTRIBUTION, readContribution } from "./launch-contribution.ts";
import type { LaunchFile } from "./launch-metadata.ts";
import { makeLaunchScript } from "./launch-script.ts";
import type { LayerFiles } from "./layer-files.ts";
import { type LayerEntry, type LayerOwner, packLayer } from "./oci.ts";
import type { RestoredLayers } from "./restore-phase.ts";
import { type Found, fingerprint, parentEntries, toEntries, walkTree } from "./tree-entries.ts";

/** What making layers needs to know of this build and the one before. */
export interface LayerMaking {
  readonly layout: string;
  readonly layers: string;
  readonly app: string;
  readonly owner: LayerOwner;
  readonly analyzed: Analyzed;
  /** Layers of the previous image, by diffID. */
  readonly previous: ReadonlyMap<string, ImageLayer>;
  readonly restored: RestoredLayers;
}

/** A layer of the image, with how it came about. */
export interface MadeLayer {
  readonly image: ImageLayer;
  readonly what: string;
  readonly reused: boolean;
}

/** A launch layer of a buildpack. */
export interface MadeLaunchLayer extends MadeLayer {
  readonly files: LayerFiles;
  readonly contribution: LaunchContribution;
  /** Of the content before it was packed; empty when there is none. */
  readonly fingerprint: string;
}

/**
 * Makes the image layer of a buildpack's launch layer. Content that came from the cache and is untouched is not
 * packed again; a layer without content is taken over from the previous image.
 */
export async function makeLaunchLayer(making: LayerMaking, files: LayerFiles): Promise<MadeLaunchLayer> {
  const { previous, restored, layout, owner } = making;
  const what = `layer ${files.name} of ${files.buildpackId}`;
  if (!files.hasContent) return { ...takeOver(making, files, what), files, fingerprint: "" };
  const known = restored.find((r) => r.buildpackId === files.buildpackId && r.name === files.name);
  const print = files.types.cache || known ? fingerprint(files.folder) : "";
  const before = known?.fingerprint === print ? known.image : undefined;
  const kept = before && previous.get(before.diffId);
  if (before && kept)
    return { image: kept, what, reused: true, files, contribution: before.contribution, fingerprint: print };
  const contribution = await readContribution(files.folder);
  const content = packLayer(withParents(files.folder, toEntries(walkTree(files.folder))), owner);
  const image = await writeLayer(layout, content);
  return { image, what, reused: previous.has(image.diffId), files, contribution, fingerprint: print };
}

function takeOver({ analyzed, previous }: LayerMaking, files: LayerFiles, what: string) {
  const owner = analyzed.metadata.buildpacks?.find(({ key }) => key === files.buildpackId);
  const record: LayerRecord | undefined = owner?.layers?.[files.name];
  const image = record && previous.get(record.sha);
  if (!record || !image)
    throw new Error(`${what} has no content, and the previous image has no such layer to take over`);
  const contribution = (record.contribution ?? NO_CONTRIBUTION) as LaunchContribution;
  return { image, what, reused: true, contribution };
}

/** The layers of the application folder: one for each slice, one for the rest. */
export async function makeAppLayers(making: LayerMaking, slices: LaunchFile["slices"]): Promise<MadeLayer[]> {
  const found: Found[] = [];
  for (const one of walkTree(making.app)) found.push(one);
  const made: MadeLayer[] = [];
  for (const part of divideApp(making.app, found, slices))
    made.push(await makeLayer(making, "application", withParents(making.app, appEntries(making.app, part))));
  return made;
}

/** The folder itself may be a mount of whatever mode. */
function* appEntries(app: string, part: readonly Found[]): Generator<LayerEntry> {
  for (const entry of toEntries(part)) yield entry.path === app ? { ...entry, mode: 0o755 } : entry;
}

/** The layer with the launcher program, the same for every image. */
export async function makeLauncherLayer(making: LayerMaking, launcher: string): Promise<MadeLayer> {
  const content = await readFile(launcher);
  const path = "/cnb/lifecycle/launcher";
  const file: LayerEntry = { kind: "file", path, mode: 0o755, content, size: content.length };
  return makeLayer(making, "launcher", [...parentEntries(path), file]);
}

/** The layer with `config/metadata.toml`, what the launcher sources, and the links to the process types. */
export async function makeConfigLayer(
  making: LayerMaking,
  launch: LaunchFile,
  contributions: readonly (readonly LaunchContribution[])[],
): Promise<MadeLayer> {
  const config = join(making.layers, "config");
  const file = (path: string, text: string | Buffer): LayerEntry => {
    const content = Buffer.from(text);
    return { kind: "file", path, mode: 0o644, content, size: content.length };
  };
  const folder = (path: string): LayerEntry => ({ kind: "directory", path, mode: 0o755 });
  const types = launch.processes.toSorted((a, b) => (a.type < b.type ? -1 : 1));
  return makeLayer(making, "configuration", [
    ...(types.length > 0 ? [folder("/cnb"), folder("/cnb/process")] : []),
    ...types.map(({ type }) => linkTo(`/cnb/process/${type}`, "/cnb/lifecycle/launcher")),
    ...parentEntries(config),
    folder(config),
    folder(join(config, "launch")),
    file(join(config, "launch", "command.sh"), makeLaunchScript(contributions, undefined)),
    folder(join(config, "launch", "process")),
    ...types.map((process) =>
      file(join(config, "launch", "process", `${process.type}.sh`), makeLaunchScript(contributions, process)),
    ),
    file(join(config, "metadata.toml"), await readFile(join(config, "metadata.toml"))),
  ]);
}

/** The layer with the bills of materials, when there are any. */
export async function makeSbomLayer(making: LayerMaking): Promise<MadeLayer | undefined> {
  const folder = join(making.layers, "sbom", "launch");
  if (!(await exists(folder))) return undefined;
  return makeLayer(making, "software bill of materials", withParents(folder, toEntries(walkTree(folder))));
}

async function makeLayer(
  { layout, owner, previous }: LayerMaking,
  what: string,
  entries: Iterable<LayerEntry>,
): Promise<MadeLayer> {
  const image = await writeLayer(layout, packLayer(entries, owner));
  return { image, what, reused: previous.has(image.diffId) };
}

function* withParents(path: string, entries: Iterable<LayerEntry>): Generator<LayerEntry> {
  yield* parentEntries(path);
  yield* entries;
}

function linkTo(path: string, target: string): LayerEntry {
  return { kind: "symlink", path, mode: 0o777, target };
}

/** The groups' launch layers by buildpack, in the order of the build. */
export function contributionsOf(
  group: readonly GroupMember[],
  made: readonly MadeLaunchLayer[],
): LaunchContribution[][] {
  return group.map(({ id }) =>
    made.filter(({ files }) => files.buildpackId === id).map(({ contribution }) => contribution),
  );
}
