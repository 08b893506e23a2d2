import { parseManifest } from "../../../delivery/image/index.ts";
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
  return {
    async keep(appId, { config, manifest }) {
      for (const { digest } of parseManifest(manifest.bytes).layers)
        if (!(await content.has(digest))) throw new Error(`the layer ${digest} is not in the store`);
      await content.write(config.bytes, config.descriptor.digest);
      const { digest } = manifest.descriptor;
      await content.write(manifest.bytes, digest);
      const repository = { space: COMMON_SPACE, name: appId };
      if (records) await holdImage({ content, records }, { repository, digest });
    },
  };
}
