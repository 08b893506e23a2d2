/** The image format, shared with the platform's reader of it; nothing else of the platform is used here. */
export { LABEL } from "../../platform/src/delivery/image/cnb-labels.ts";
export {
  LAYER_TIME,
  type LayerEntry,
  type LayerOwner,
  packLayer,
} from "../../platform/src/delivery/image/layer-tar.ts";
export {
  digestOf,
  type EncodedDocument,
  encodeDocument,
  hexOf,
  MEDIA,
  makeIndex,
  makeManifest,
  type OciConfig,
  type OciDescriptor,
  type OciManifest,
  parseConfig,
  parseIndex,
  parseManifest,
} from "../../platform/src/delivery/image/oci-documents.ts";
export {
  rebaseImage,
  runImageNames,
  type StandsOn,
  whyNotRebase,
} from "../../platform/src/delivery/image/rebase-image.ts";
