import type { ContainerPlan } from "../../../delivery/build/index.ts";
import {
  containerInfo,
  type ImageInfo,
  type ImageStore,
  readContainerPart,
  readImageDocuments,
} from "../../../delivery/image/index.ts";
import { tagOfType } from "../../../delivery/registry/index.ts";

/** Images that were built: each one's name in the plan, and the digest of its manifest. */
export type BuiltImages = ReadonlyMap<string, string>;

/**
 * What a release is made of: each process type of a plan with its image and command, named by its tag, so that clients find
 * the newest of a type. Throws a BusinessError for an image that cannot be run.
 */
export async function describeContainers(
  { processes }: Pick<ContainerPlan, "processes">,
  built: BuiltImages,
  images: Pick<ImageStore, "read"> & { readonly tag: (tag: string, digest: string) => Promise<void> },
): Promise<ImageInfo> {
  const parts = [];
  for (const { type, image, command } of processes) {
    const digest = built.get(image) ?? "";
    const choice = { type, digest, ...(command === undefined ? {} : { command }) };
    parts.push(readContainerPart(choice, await readImageDocuments(images, digest)));
    await images.tag(tagOfType(type), digest);
  }
  return containerInfo(parts);
}
