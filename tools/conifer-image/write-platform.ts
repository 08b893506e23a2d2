import { MEDIA, makeManifest, type OciDescriptor } from "../../platform/src/delivery/image/index.ts";
import type { Architecture } from "../images/debian-release.ts";
import { type ConiferVersion, coniferLabels, makeConiferConfig } from "./conifer-config.ts";
import type { Purpose } from "./conifer-packages.ts";
import type { ImageFolder } from "./image-folder.ts";
import type { KeptLayers, NamedLayer } from "./kept-layers.ts";
import type { SbomPackage } from "./sbom-package.ts";

/** An image for one platform, as an index lists it. */
export interface PlatformImage {
  readonly architecture: Architecture;
  readonly descriptor: OciDescriptor;
  /** Digests of its config and its layers, the lowest first. */
  readonly config: string;
  readonly layers: readonly string[];
  readonly bytes: number;
  /** What is in it, and not ours. */
  readonly packages: readonly SbomPackage[];
}

/** What it is put together from. */
interface PlatformParts {
  readonly architecture: Architecture;
  readonly purpose: Purpose;
  readonly sets: readonly KeptLayers[];
  readonly sources: NamedLayer;
  readonly version: ConiferVersion;
}

/** Writes the image of a platform into a layout. */
export async function writePlatform(layout: ImageFolder, parts: PlatformParts): Promise<PlatformImage> {
  const { architecture, purpose, sets, sources, version } = parts;
  for (const { folder } of sets) await layout.take(folder);
  const layers = [...sets.flatMap((set) => set.layers), sources];
  const config = await layout.write(
    MEDIA.config,
    makeConiferConfig({ version, architecture, layers, purpose }),
  );
  const described = layers.map(({ descriptor }) => descriptor);
  const manifest = await layout.write(MEDIA.manifest, {
    ...makeManifest(config.descriptor, described),
    annotations: coniferLabels(version, purpose),
  });
  return {
    architecture,
    descriptor: { ...manifest.descriptor, platform: { architecture, os: "linux" } },
    config: config.descriptor.digest,
    layers: described.map(({ digest }) => digest),
    bytes: described.reduce((sum, { size }) => sum + size, 0),
    packages: sets.flatMap((set) => set.packages),
  };
}
