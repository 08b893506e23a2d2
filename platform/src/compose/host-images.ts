import { COMMON_SPACE, holdImage, parseRepository } from "../delivery/registry/index.ts";
import {
  type DiskImageStore,
  openDiskImageStore,
  openDiskRepositories,
} from "../drivers/embedded/images/index.ts";
import type { Config } from "./config.ts";

/**
 * The images of this machine. While the registry is on, an image that a build names `<app id>:<tag>` can also be pulled
 * from the app's repository, and one that is named `<space>/<name>:<tag>` from there: it is in there before the name is.
 */
export async function openHostImages({
  home,
  registry,
}: Pick<Config, "home" | "registry">): Promise<DiskImageStore> {
  const content = await openDiskImageStore(home.images);
  if (!registry) return content;
  const records = openDiskRepositories(home.repositories);
  return {
    ...content,
    async tag(name, digest) {
      const [path = "", tag] = name.split(":", 2);
      const repository = parseRepository(path.includes("/") ? path : `${COMMON_SPACE}/${path}`);
      if (repository && tag !== undefined) await holdImage({ content, records }, { repository, digest, tag });
      await content.tag(name, digest);
    },
  };
}
