export { openDiskImageStore } from "./disk-image-store.ts";
export {
  type HostRelease,
  openImageUnpacker,
  type UnpackDependencies,
  type UnpackedImage,
  type UnpackImage,
} from "./unpack-image.ts";
export { type UnpackLimits, type UnpackOptions, unpackTar } from "./unpack-tar.ts";
