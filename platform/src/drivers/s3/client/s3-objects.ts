export interface S3Object {
  readonly key: string;
  readonly size: number;
  /** By the store's clock, in ms. */
  readonly modifiedMs: number;
}

/** What a condition refers to: nothing there yet, or there as it was read. */
export type S3Condition = "absent" | { readonly etag: string };

/** An upload in parts, whose object appears when it is completed. */
export interface S3Parts {
  readonly key: string;
  readonly uploadId: string;
}

export interface S3Part {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
}

/** Both ends included, in bytes. */
export interface S3Range {
  readonly start: number;
  readonly end: number;
}
