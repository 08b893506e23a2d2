export { openS3Images } from "./open-s3-images.ts";
