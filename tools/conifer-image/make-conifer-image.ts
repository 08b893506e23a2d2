import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { MEDIA, makeIndex } from "../../platform/src/delivery/image/index.ts";
import type { Tell } from "../cluster/tell-progress.ts";
import { machineRelease } from "../images/machine-release.ts";
import { makeAside, settle } from "../images/make-aside.ts";
import { coniferLabels } from "./conifer-config.ts";
import type { Architecture } from "./conifer-packages.ts";
import { ImageFolder } from "./image-folder.ts";
import { makeBaseLayers } from "./make-base-layers.ts";
import { makeModuleLayers } from "./make-module-layers.ts";
import { readVersion } from "./read-version.ts";
import { packSources } from "./source-layers.ts";
import { type PlatformImage, writePlatform } from "./write-platform.ts";

export interface ConiferImageWanted {
  /** Where images and what they are made of are kept. */
  readonly cache: string;
  /** The repository's folder. */
  readonly repository: string;
  readonly architectures: readonly Architecture[];
  readonly tell: Tell;
}

export interface MadeConiferImage {
  /** Its OCI layout. */
  readonly folder: string;
  /** `conifer/conifer:<version>`. */
  readonly name: string;
  /** Of the index. */
  readonly digest: string;
  readonly version: string;
  readonly revision?: string;
  readonly images: readonly {
    readonly architecture: Architecture;
    readonly digest: string;
    readonly bytes: number;
  }[];
}

/** The name of the image where it has no registry before it. */
export const CONIFER_REPOSITORY = "conifer/conifer";

/**
 * Makes Conifer's own image. The same sources, lock file and packages give the same digest.
 * @throws ImageError that says what to do
 */
export async function makeConiferImage(wanted: ConiferImageWanted): Promise<MadeConiferImage> {
  const { cache, repository, tell } = wanted;
  const release = machineRelease();
  const version = await readVersion(repository);
  return await makeAside(cache, async (aside) => {
    const layout = new ImageFolder(join(aside, "layout"));
    await mkdir(layout.path);
    const sources = await packSources(repository, layout.path);
    const images: PlatformImage[] = [];
    for (const architecture of wanted.architectures) {
      const one = { cache, repository, release, architecture, tell };
      const sets = [await makeBaseLayers(one), await makeModuleLayers(one)];
      images.push(await writePlatform(layout, { architecture, sets, sources, version }));
    }
    const index = {
      ...makeIndex(images.map(({ descriptor }) => descriptor)),
      annotations: coniferLabels(version),
    };
    const { descriptor } = await layout.write(MEDIA.index, index);
    const name = `${CONIFER_REPOSITORY}:${version.version}`;
    layout.list({ ...descriptor, annotations: namesOf(name, version.version) });
    await layout.finish();
    const folder = join(cache, `${version.version}-${descriptor.digest.slice(7, 27)}`);
    await settle(layout.path, folder);
    const { revision } = version;
    return {
      ...{ folder, name, digest: descriptor.digest, version: version.version },
      ...(revision === undefined ? {} : { revision }),
      images: images.map(({ architecture, descriptor: { digest }, bytes }) => ({
        architecture,
        digest,
        bytes,
      })),
    };
  });
}

/** By the first, tools of OCI layouts find it; by the second, containerd. */
function namesOf(name: string, tag: string): Record<string, string> {
  return { "org.opencontainers.image.ref.name": tag, "io.containerd.image.name": `docker.io/${name}` };
}
