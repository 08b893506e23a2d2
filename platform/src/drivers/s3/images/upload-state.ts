import type { S3Bucket } from "../client/index.ts";

/** What an upload's object says: where its content goes, and what of it is too little for a part. */
export interface UploadState {
  /** Its bytes will lie under `data/<id>`. */
  readonly dataId: string;
  /** Of the upload in parts, once there is one. */
  readonly uploadId: string | undefined;
  /** How many parts were there when the rest was written down; with more, the rest has gone into them. */
  readonly partsBefore: number;
  readonly tail: Buffer;
}

/** The object is a line of JSON, and the rest as it is. */
export function encodeUploadState({ tail, ...head }: UploadState): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), tail]);
}

export function decodeUploadState(content: Buffer): UploadState {
  const end = content.indexOf(0x0a);
  const head = JSON.parse(content.subarray(0, end).toString()) as Omit<UploadState, "tail">;
  return { ...head, uploadId: head.uploadId ?? undefined, tail: content.subarray(end + 1) };
}

export async function readUploadState(
  bucket: Pick<S3Bucket, "get">,
  key: string,
): Promise<{ readonly state: UploadState; readonly etag: string } | undefined> {
  const found = await bucket.get(key);
  return found && { state: decodeUploadState(found.content), etag: found.etag };
}

/** Returns the object's ETag, which changes with every writer. */
export async function writeUploadState(
  bucket: Pick<S3Bucket, "put">,
  key: string,
  state: UploadState,
): Promise<string> {
  return (await bucket.put(key, encodeUploadState(state))) ?? "";
}
