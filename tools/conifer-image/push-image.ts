import { createReadStream } from "node:fs";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import {
  MEDIA,
  type OciDescriptor,
  parseIndex,
  parseManifest,
} from "../../platform/src/delivery/image/index.ts";
import type { RegistryClient } from "../../platform/src/drivers/registry/client/index.ts";
import { ImageError } from "../images/image-error.ts";
import { REFERENCE_NAME } from "./attach-artifacts.ts";
import { openLayout, type SourceManifest } from "./image-source.ts";

/** Where an image goes. */
export interface PushTarget {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly tag: string;
  readonly tell: Tell;
}

const AT_ONCE = 4;

/**
 * Pushes the first image of a layout with all that is listed there beside it: its bills of materials and signatures. What
 * the repository has already is not sent again. The tag moves last, so that whoever finds the image finds all of it.
 * @returns the image's digest
 */
export async function pushImage(folder: string, target: PushTarget): Promise<string> {
  const { client, repository, tag, tell } = target;
  const layout = await openLayout(folder);
  const [image, ...beside] = layout.listed;
  if (!image) throw new ImageError("failed", `${folder} holds no image.`);
  const read = async ({ digest }: OciDescriptor): Promise<SourceManifest> => {
    const found = await layout.manifest(digest);
    if (!found)
      throw new ImageError("failed", `${digest} is missing in ${folder}. Remove the folder and try again.`);
    return found;
  };
  const top = await read(image);
  const platforms =
    top.mediaType === MEDIA.index ? await Promise.all(parseIndex(top.bytes).manifests.map(read)) : [];
  const others = await Promise.all(beside.map(read));
  const holders = [...platforms, ...others, ...(top.mediaType === MEDIA.index ? [] : [top])];
  await pushBlobs(folder, target, holders.flatMap(blobsOf));
  for (const manifest of platforms) await client.pushManifest(repository, manifest.digest, manifest);
  await client.pushManifest(repository, top.digest, top);
  for (const [n, manifest] of others.entries())
    await client.pushManifest(
      repository,
      beside[n]?.annotations?.[REFERENCE_NAME] ?? manifest.digest,
      manifest,
    );
  tell(`Naming it ${tag} ...`);
  return await client.pushManifest(repository, tag, top);
}

function blobsOf({ bytes }: SourceManifest): OciDescriptor[] {
  const { config, layers } = parseManifest(bytes);
  return [config, ...layers];
}

async function pushBlobs(
  folder: string,
  { client, repository, tell }: PushTarget,
  named: readonly OciDescriptor[],
) {
  const waiting = [...new Map(named.map((one) => [one.digest, one])).values()];
  const all = waiting.length;
  let sent = 0;
  const work = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const { digest, size } = one;
      if (await client.hasBlob(repository, digest)) continue;
      tell(`Pushing ${digest.slice(0, 19)} (${(size / 1e6).toFixed(1)} MB) ...`);
      await client.pushBlob(repository, {
        ...{ digest, size },
        open: () => createReadStream(blobPath(folder, digest), { highWaterMark: 256 * 1024 }),
      });
      sent += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  tell(`${sent} of ${all} parts were sent, ${all - sent} were there.`);
}
