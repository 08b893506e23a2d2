import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MEDIA, makeIndex } from "../../platform/src/delivery/image/index.ts";
import { type Architecture, hostArchitecture } from "../images/debian-release.ts";
import { machineRelease } from "../images/machine-release.ts";
import { makeAside, settle } from "../images/make-aside.ts";
import { attachSbom, attachSignature, REFERENCE_NAME } from "./attach-artifacts.ts";
import { coniferLabels } from "./conifer-config.ts";
import type { Purpose } from "./conifer-packages.ts";
import { ENGINE_MANIFEST, makeEngineManifest } from "./engine-manifest.ts";
import { ImageFolder } from "./image-folder.ts";
import { makePlatforms, type PlatformsWanted } from "./make-platforms.ts";
import { readVersion } from "./read-version.ts";
import { openSigningKey, publishKey } from "./signing-key.ts";

export interface ConiferImageWanted extends PlatformsWanted {
  /** File of the key to sign with; one in the cache where it is missing. */
  readonly signingKey?: string | undefined;
}

export interface MadeConiferImage {
  /** Its OCI layout. */
  readonly folder: string;
  /** Such as `conifer/conifer:<version>`. */
  readonly name: string;
  /** Of the index. */
  readonly digest: string;
  readonly version: string;
  readonly revision?: string;
  readonly images: readonly {
    readonly architecture: Architecture;
    readonly digest: string;
    readonly bytes: number;
    /** Digest of its bill of materials. */
    readonly sbom: string;
  }[];
  /** File with the key that the signature is checked with. */
  readonly publicKey: string;
}

/** The names of the images where they have no registry before them. */
export const CONIFER_REPOSITORY = {
  cluster: "conifer/conifer",
  machine: "conifer/machine",
} as const satisfies Record<Purpose, string>;

/**
 * Makes Conifer's own image. The same sources, lock file and packages give the same digest.
 * @throws ImageError that says what to do
 */
export async function makeConiferImage(wanted: ConiferImageWanted): Promise<MadeConiferImage> {
  const { cache, repository, purpose } = wanted;
  const reference = CONIFER_REPOSITORY[purpose];
  const key = await openSigningKey(cache, wanted.signingKey);
  const version = await readVersion(repository);
  return await makeAside(cache, async (aside) => {
    const layout = new ImageFolder(join(aside, "layout"));
    await mkdir(layout.path);
    const images = await makePlatforms(layout, wanted, version);
    const descriptors = images.map(({ descriptor }) => descriptor);
    const { descriptor } = await layout.write(MEDIA.index, {
      ...makeIndex(descriptors),
      annotations: coniferLabels(version, wanted.purpose),
    });
    const name = `${reference}:${version.version}`;
    layout.list({ ...descriptor, annotations: namesOf(name, version.version) });
    const made: MadeConiferImage["images"][number][] = [];
    for (const { architecture, descriptor: subject, bytes, packages } of images) {
      const { digest } = subject;
      const billed = {
        name: reference,
        version,
        architecture,
        digest,
        release: machineRelease(),
        packages,
      };
      made.push({ architecture, digest, bytes, sbom: (await attachSbom(layout, subject, billed)).digest });
    }
    await attachSignature(layout, { digest: descriptor.digest, reference }, key);
    // Engines load one image of a tar: this machine's, where it is among them.
    const loaded = images.find(({ architecture }) => architecture === hostArchitecture()) ?? images[0];
    if (purpose === "machine" && loaded)
      await writeFile(join(layout.path, ENGINE_MANIFEST), JSON.stringify(makeEngineManifest(name, loaded)));
    await layout.finish();
    const folder = join(cache, `${version.version}-${descriptor.digest.slice(7, 27)}-${key.id}`);
    await settle(layout.path, folder);
    const { revision } = version;
    return {
      ...{ folder, name, digest: descriptor.digest, version: version.version },
      ...(revision === undefined ? {} : { revision }),
      images: made,
      publicKey: await publishKey(cache, key),
    };
  });
}

/** By the first, tools of OCI layouts find it; by the second, containerd. */
function namesOf(name: string, tag: string): Record<string, string> {
  return { [REFERENCE_NAME]: tag, "io.containerd.image.name": `docker.io/${name}` };
}
