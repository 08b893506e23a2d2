import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readAnalyzed } from "./analyzed-file.ts";
import {
  createdTime,
  entrypointFor,
  makeAppConfig,
  makeLifecycleMetadata,
  runReferenceOf,
} from "./app-image-config.ts";
import { type GroupMember, readGroup } from "./group-file.ts";
import {
  contributionsOf,
  type LayerMaking,
  type MadeLaunchLayer,
  type MadeLayer,
  makeAppLayers,
  makeConfigLayer,
  makeLauncherLayer,
  makeLaunchLayer,
  makeSbomLayer,
} from "./image-layers.ts";
import { type LayoutImage, layersOf, layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { type LaunchFile, readMetadata } from "./launch-metadata.ts";
import { layersFolder, readLayers } from "./layer-files.ts";
import { makeManifest } from "./oci.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase } from "./phase-error.ts";
import { requireLayout } from "./require-layout.ts";
import type { RestoredLayers } from "./restore-phase.ts";
import { saveLayers } from "./save-layers.ts";
import { gatherSboms } from "./sbom-files.ts";
import { readToml, type TomlTable, tables, text, texts, writeToml } from "./toml-files.ts";

declare const LIFECYCLE_VERSION: string | undefined;

/**
 * Writes the image to every `<image>`, the report, and the cache. `restored` is what a restore in this process took
 * from the cache; with `move`, cached content is moved back rather than copied.
 */
export async function exportImage(
  context: PhaseContext,
  restored: RestoredLayers,
  move: boolean,
): Promise<void> {
  const { inputs, log } = context;
  const layoutDir = requireLayout(context);
  await inPhase(EXIT.export, "exporting the image", async () => {
    const [first, ...others] = [...inputs.images, ...inputs.list("tag")];
    if (!first) throw new Error("an <image> argument is needed");
    const group = await readGroup(inputs.text("group"));
    const analyzed = readAnalyzed(await readToml(inputs.text("analyzed")));
    const run = await readLayout(analyzed.runImage.reference);
    if (!run) throw new Error(`the run image ${analyzed.runImage.image} is gone from ${layoutDir}`);
    const previous = analyzed.previous ? await readLayout(analyzed.previous) : undefined;
    const making: LayerMaking = {
      layout: layoutPath(layoutDir, first),
      layers: inputs.text("layers"),
      app: inputs.text("app"),
      owner: { uid: Number(inputs.text("uid")), gid: Number(inputs.text("gid")) },
      analyzed,
      previous: previous ? layersOf(previous) : new Map(),
      restored,
    };
    log.heading("Exporting the image");
    const image = await writeAppImage(context, { making, group, run });
    for (const other of others) await copyLayout(making.layout, layoutPath(layoutDir, other));
    await writeToml(inputs.text("report"), {
      image: { tags: [first, ...others], digest: image.digest, "manifest-size": image.size },
    });
    if (inputs.text("cache-dir")) await saveLayers(inputs.text("cache-dir"), making, image, move);
    for (const line of summary(image.layers)) log.detail(line);
  });
}

interface AppImage {
  readonly digest: string;
  readonly size: number;
  readonly layers: readonly MadeLayer[];
  readonly launchLayers: readonly MadeLaunchLayer[];
  readonly group: readonly GroupMember[];
}

async function writeAppImage(
  { inputs }: PhaseContext,
  from: { making: LayerMaking; group: readonly GroupMember[]; run: LayoutImage },
): Promise<AppImage> {
  const { making, group, run } = from;
  const launch = readMetadata((await readToml(join(making.layers, "config", "metadata.toml"))) ?? {});
  const entrypoint = entrypointFor(launch, inputs.text("process-type"), inputs.execEnv);
  const all = await makeAllLayers(inputs, making, group, launch);
  const metadata = makeLifecycleMetadata({
    ...all,
    group,
    stores: await readStores(making.layers, group),
    run: { ...(await runNames(inputs.text("run"), making)), config: run.config },
    runReference: runReferenceOf(making.analyzed, run.digest),
    execEnv: inputs.execEnv,
  });
  const layers = [...all.launchLayers, ...(all.sbom ? [all.sbom] : []), ...all.app, all.launcher, all.config];
  const config = makeAppConfig({
    ...{ run: run.config, layers, metadata, launch, group, entrypoint },
    project: (await readToml(inputs.text("project-metadata"))) ?? {},
    app: making.app,
    layersDir: making.layers,
    created: createdTime(inputs.env.SOURCE_DATE_EPOCH),
    lifecycleVersion: typeof LIFECYCLE_VERSION === "string" ? LIFECYCLE_VERSION : "source",
  });
  const descriptors = [...run.manifest.layers, ...layers.map(({ image }) => image.descriptor)];
  const written = await writeImage(making.layout, config, (of) => makeManifest(of, descriptors));
  return {
    digest: written.descriptor.digest,
    size: written.descriptor.size,
    layers,
    launchLayers: all.launchLayers,
    group,
  };
}

async function makeAllLayers(
  inputs: PhaseContext["inputs"],
  making: LayerMaking,
  group: readonly GroupMember[],
  launch: LaunchFile,
) {
  const launchLayers: MadeLaunchLayer[] = [];
  const members = [];
  for (const { id } of group) {
    const layers = await readLayers(making.layers, id);
    members.push({ id, layers });
    for (const files of layers)
      if (files.types.launch) launchLayers.push(await makeLaunchLayer(making, files));
  }
  const hasSbom = await gatherSboms(making.layers, members, inputs.text("launcher-sbom"));
  return {
    launchLayers,
    sbom: hasSbom ? await makeSbomLayer(making) : undefined,
    app: await makeAppLayers(making, launch.slices),
    launcher: await makeLauncherLayer(making, inputs.text("launcher")),
    config: await makeConfigLayer(making, launch, contributionsOf(group, launchLayers)),
  };
}

async function readStores(
  layers: string,
  group: readonly GroupMember[],
): Promise<ReadonlyMap<string, TomlTable>> {
  const stores = new Map<string, TomlTable>();
  for (const { id } of group) {
    const store = await readToml(join(layersFolder(layers, id), "store.toml"));
    if (store) stores.set(id, store);
  }
  return stores;
}

/** The run image's names: of `run.toml` the entry that names it, else only what it was asked for by. */
async function runNames(path: string, { analyzed }: LayerMaking) {
  const { image } = analyzed.runImage;
  const entries = tables((await readToml(path))?.images);
  const entry =
    entries.find((one) => one.image === image || texts(one.mirrors).includes(image)) ?? entries[0];
  return { image: text(entry?.image) || image, mirrors: texts(entry?.mirrors) };
}

async function copyLayout(from: string, to: string): Promise<void> {
  if (from === to) return;
  await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}

function summary(layers: readonly MadeLayer[]): string[] {
  const added = layers.filter(({ reused }) => !reused);
  const bytes = added.reduce((sum, { image }) => sum + image.descriptor.size, 0);
  const count = (n: number) => `${n} layer${n === 1 ? "" : "s"}`;
  const reused = layers.length - added.length;
  return [
    [
      ...(reused > 0 ? [`${count(reused)} used again`] : []),
      `${count(added.length)} added (${sizeText(bytes)})`,
    ].join(", "),
  ];
}

function sizeText(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
