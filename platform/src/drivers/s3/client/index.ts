export {
  openS3Bucket,
  type S3Bucket,
  type S3Condition,
  type S3Object,
  type S3Part,
  type S3Parts,
  type S3Range,
} from "./s3-bucket.ts";
export { isFull } from "./s3-request-error.ts";
export { parseS3Place, type S3Credentials, type S3Place, type S3Settings } from "./s3-settings.ts";
