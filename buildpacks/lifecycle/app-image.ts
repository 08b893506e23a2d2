import { join } from "node:path";
import { makeAllLayers } from "./all-layers.ts";
import {
  createdTime,
  entrypointFor,
  makeAppConfig,
  makeLifecycleMetadata,
  runReferenceOf,
} from "./app-image-config.ts";
import { namesOf, type RunImageNames, readRunImages } from "./choose-run-image.ts";
import type { GroupMember } from "./group-file.ts";
import type { LayerMaking, MadeLaunchLayer, MadeLayer } from "./image-layers.ts";
import { type LayoutImage, writeImage } from "./image-layout.ts";
import { readMetadata } from "./launch-metadata.ts";
import { layersFolder } from "./layer-files.ts";
import { makeManifest } from "./oci.ts";
import type { PhaseContext } from "./phase-context.ts";
import { readDescriptor, readToml, type TomlTable } from "./toml-files.ts";

declare const LIFECYCLE_VERSION: string | undefined;

/** An image that has been written. */
export interface AppImage {
  readonly digest: string;
  readonly size: number;
  readonly layers: readonly MadeLayer[];
  readonly launchLayers: readonly MadeLaunchLayer[];
  readonly group: readonly GroupMember[];
}

/** Makes the layers, the config and the manifest of the image, and writes them into its layout. */
export async function writeAppImage(
  { inputs }: PhaseContext,
  from: { making: LayerMaking; group: readonly GroupMember[]; run: LayoutImage },
): Promise<AppImage> {
  const { making, group, run } = from;
  const launch = readMetadata((await readToml(join(making.layers, "config", "metadata.toml"))) ?? {});
  const entrypoint = entrypointFor(launch, inputs.text("process-type"), inputs.execEnv);
  const programs = { launcher: inputs.text("launcher"), launcherSbom: inputs.text("launcher-sbom") };
  const all = await makeAllLayers(making, group, launch, programs);
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

async function runNames(path: string, { analyzed }: LayerMaking): Promise<RunImageNames> {
  return namesOf(readRunImages(await readDescriptor(path, "run")), analyzed.runImage.image);
}
