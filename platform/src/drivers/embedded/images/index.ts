export type { HostRelease } from "../../cnb/builds/index.ts";
export { startLayerCollection } from "./collect-layers.ts";
export { openDiskArtifacts } from "./disk-artifacts.ts";
export { type DiskImageStore, openDiskImageStore } from "./disk-image-store.ts";
export { openDiskRebasedImages } from "./disk-rebased-images.ts";
export { openDiskRepositories } from "./disk-repositories.ts";
export { openDiskUploads } from "./disk-uploads.ts";
export { holdSweeps } from "./hold-sweeps.ts";
export { startImageCollector } from "./image-collector.ts";
export { makeImageRoot } from "./image-root.ts";
export {
  collectionRoutes,
  imageRoutes,
  makeCollectionClient,
  makeImageClient,
  makePushedClient,
  pushedRoutes,
} from "./image-routes.ts";
export { makeLayerUses } from "./layer-uses.ts";
export { type ImageLayout, readImageLayout } from "./layout-origin.ts";
export { readImageUser } from "./read-image-user.ts";
export { removeUntrusted } from "./trusted-folder.ts";
export { openImageUnpacker, type UnpackedImage } from "./unpack-image.ts";
export { isAside, putBackAside, removeOutright, removeUnvouched, vouch } from "./vouched-files.ts";
