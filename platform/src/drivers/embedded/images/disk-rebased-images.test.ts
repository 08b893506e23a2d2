import { rebasedImagesSuite } from "../../../delivery/rebase/rebased-images-suite.ts";
import { COMMON_SPACE, holdImage } from "../../../delivery/registry/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";
import { openDiskRebasedImages } from "./disk-rebased-images.ts";
import { openSweptStores } from "./sweep-fixtures.ts";

async function makeStore(withRegistry: boolean) {
  const stores = await openSweptStores();
  const { content, records } = stores;
  let touched: string[] = [];
  const watched: DiskImageStore = {
    ...content,
    read: (digest: string, range?: { readonly start: number; readonly end: number }) => {
      touched.push(digest);
      return content.read(digest, range);
    },
    write: async (bytes, expected) => {
      const written = await content.write(bytes, expected);
      touched.push(written.digest);
      return written;
    },
  };
  const repositoryOf = (appId: string) => ({ space: COMMON_SPACE, name: appId });
  return {
    rebased: openDiskRebasedImages({ content: watched, ...(withRegistry ? { records } : {}) }),
    store: content,
    hold: async (appId: string | undefined, digest: string) => {
      if (appId !== undefined && withRegistry)
        await holdImage(stores, { repository: repositoryOf(appId), digest });
    },
    serves: withRegistry
      ? async (appId: string, digest: string) =>
          (await records.findManifest(repositoryOf(appId), digest)) !== undefined
      : undefined,
    touched: () => {
      const all = touched;
      touched = [];
      return all;
    },
    dispose: stores.dispose,
  };
}

rebasedImagesSuite("disk, with a registry", () => makeStore(true));
rebasedImagesSuite("disk, without one", () => makeStore(false));
