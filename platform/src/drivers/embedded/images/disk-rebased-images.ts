import { parseIndex, parseManifest } from "../../../delivery/image/index.ts";
import type { RebasedImages } from "../../../delivery/rebase/index.ts";
import {
  COMMON_SPACE,
  holdImage,
  type RepositoryManagement,
  type RepositoryRecords,
} from "../../../delivery/registry/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";

/**
 * Keeps rebased images in the store of this disk, where their layers are already, and in the app's repository where the
 * registry serves one. Any number of processes may do so.
 */
export function openDiskRebasedImages({
  content,
  records,
}: {
  readonly content: DiskImageStore;
  readonly records?: RepositoryRecords & RepositoryManagement;
}): RebasedImages {
  const hold = async (appId: string, digest: string) => {
    const repository = { space: COMMON_SPACE, name: appId };
    if (records) await holdImage({ content, records }, { repository, digest });
  };
  const requireAll = async (what: string, parts: readonly { readonly digest: string }[]) => {
    for (const { digest } of parts)
      if (!(await content.has(digest))) throw new Error(`the ${what} ${digest} is not in the store`);
  };
  return {
    async keep(appId, { config, manifest }) {
      await requireAll("layer", parseManifest(manifest.bytes).layers);
      await content.write(config.bytes, config.descriptor.digest);
      const { digest } = manifest.descriptor;
      await content.write(manifest.bytes, digest);
      await hold(appId, digest);
    },
    async keepIndex(appId, { bytes, descriptor: { digest } }) {
      await requireAll("image", parseIndex(bytes).manifests);
      await content.write(bytes, digest);
      await hold(appId, digest);
    },
  };
}
