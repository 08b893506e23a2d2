export type { ImageInfo, ImageProcess } from "./image.ts";
export type { ImageStore } from "./image-ports.ts";
