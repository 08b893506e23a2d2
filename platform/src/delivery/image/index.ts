export { LABEL } from "./cnb-labels.ts";
export { type ContainerPart, containerInfo, partsOf, readContainerPart } from "./container-image.ts";
export {
  type BaseFacts,
  displayCommand,
  type ImageInfo,
  type ImagePlatform,
  type ImageProcess,
  imageForCommand,
} from "./image.ts";
export {
  ARCHITECTURES,
  findPlatform,
  type JoinedImages,
  joinImages,
  readPlatformImage,
  readPlatforms,
} from "./image-platforms.ts";
export type { ImageCollection, ImageSink, ImageStore } from "./image-ports.ts";
export { LAYER_TIME, type LayerEntry, packLayer } from "./layer-tar.ts";
export {
  DOCUMENT_LIMIT,
  digestOf,
  type EncodedDocument,
  encodeDocument,
  hexOf,
  isDigest,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciConfig,
  type OciDescriptor,
  type OciManifest,
  parseConfig,
  parseIndex,
  parseManifest,
  partOfBytes,
} from "./oci-documents.ts";
export { imageHandlers } from "./oci-image-api.ts";
export {
  findImage,
  findNewestImage,
  insertImage,
  listKeptDigests,
  markImagesRemoved,
} from "./oci-image-store.ts";
export { type ImageDocuments, imageInfoOf, readImageDocuments, readImageInfo } from "./read-image-info.ts";
export { type NewBase, readStandsOn, rebaseImage, whyNotRebase } from "./rebase-image.ts";
export { vouchForTree } from "./vouch-for-tree.ts";
