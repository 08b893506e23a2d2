export { checkBucket } from "./check-bucket.ts";
export { openS3Images } from "./open-s3-images.ts";
