export type { HostRelease } from "../../cnb/builds/index.ts";
export { openDiskImageStore } from "./disk-image-store.ts";
export { openDiskRepositories } from "./disk-repositories.ts";
export { openDiskUploads } from "./disk-uploads.ts";
export { imageRoutes, makeImageClient } from "./image-routes.ts";
export { openImageUnpacker, type UnpackedImage } from "./unpack-image.ts";
