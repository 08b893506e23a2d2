export { openDiskImageStore } from "./disk-image-store.ts";
export { openDiskRepositories } from "./disk-repositories.ts";
export { openDiskUploads } from "./disk-uploads.ts";
export { imageRoutes, makeImageClient } from "./image-routes.ts";
export { type HostRelease, openImageUnpacker, type UnpackedImage } from "./unpack-image.ts";
export { unpackTar } from "./unpack-tar.ts";
