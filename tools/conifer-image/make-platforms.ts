import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import type { Architecture } from "../images/debian-release.ts";
import { machineRelease } from "../images/machine-release.ts";
import type { ConiferVersion } from "./conifer-config.ts";
import type { Purpose } from "./conifer-packages.ts";
import type { ImageFolder } from "./image-folder.ts";
import { makeBaseLayers } from "./make-base-layers.ts";
import { makeModuleLayers } from "./make-module-layers.ts";
import { packSources } from "./source-layers.ts";
import { type PlatformImage, writePlatform } from "./write-platform.ts";

export interface PlatformsWanted {
  /** Where images and what they are made of are kept. */
  readonly cache: string;
  /** The repository's folder. */
  readonly repository: string;
  readonly architectures: readonly Architecture[];
  readonly purpose: Purpose;
  readonly tell: Tell;
}

/** Makes the image of each platform, in a layout. The sources are the same for all. */
export async function makePlatforms(
  layout: ImageFolder,
  { cache, repository, architectures, purpose, tell }: PlatformsWanted,
  version: ConiferVersion,
): Promise<PlatformImage[]> {
  const release = machineRelease();
  const sources = await packSources(repository, layout.path, purpose);
  const images: PlatformImage[] = [];
  for (const architecture of architectures) {
    const one = { cache, repository, release, architecture, purpose, tell };
    const sets = [await makeBaseLayers(one), await makeModuleLayers(one)];
    images.push(await writePlatform(layout, { architecture, purpose, sets, sources, version }));
  }
  return images;
}
