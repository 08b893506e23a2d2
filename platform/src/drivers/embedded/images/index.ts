export type { HostRelease } from "../../cnb/builds/index.ts";
export { type DiskImageStore, openDiskImageStore } from "./disk-image-store.ts";
export { openDiskRepositories } from "./disk-repositories.ts";
export { openDiskUploads } from "./disk-uploads.ts";
export { startImageCollector } from "./image-collector.ts";
export {
  collectionRoutes,
  imageRoutes,
  makeCollectionClient,
  makeImageClient,
  makePushedClient,
  pushedRoutes,
} from "./image-routes.ts";
export { openImageUnpacker, type UnpackedImage } from "./unpack-image.ts";
