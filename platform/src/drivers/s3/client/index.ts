export { openS3Bucket, type S3Bucket } from "./s3-bucket.ts";
export { credentialsOfFolder } from "./s3-credentials.ts";
export type { S3Part, S3Parts } from "./s3-objects.ts";
export { isFull, S3RequestError } from "./s3-request-error.ts";
export { parseS3Place, type S3Place } from "./s3-settings.ts";
