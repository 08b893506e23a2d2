export {
  openS3Bucket,
  type S3Bucket,
  type S3Part,
  type S3Parts,
} from "./s3-bucket.ts";
export { credentialsOfFolder } from "./s3-credentials.ts";
export { isFull, S3RequestError } from "./s3-request-error.ts";
export { parseS3Place, type S3Place } from "./s3-settings.ts";
