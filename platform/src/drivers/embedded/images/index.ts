export { openDiskImageStore } from "./disk-image-store.ts";
export { type HostRelease, openImageUnpacker, type UnpackedImage } from "./unpack-image.ts";
export { unpackTar } from "./unpack-tar.ts";
