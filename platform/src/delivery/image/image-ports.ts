import type { Readable } from "node:stream";

/**
 * Content-addressed storage of OCI blobs and manifests. Writing the same content twice is the same as once. Blobs are
 * durable once `write` returns. Concurrent writers of the same blob do not disturb each other.
 */
export interface ImageStore {
  has(digest: string): Promise<boolean>;
  /** Throws not_found (resource `image`) when the blob is not there. */
  read(digest: string): Promise<Readable>;
  /** Stores the content and returns its digest; with `expected`, refuses content of another digest and keeps nothing. */
  write(content: Readable | Buffer, expected?: string): Promise<{ digest: string; sizeBytes: number }>;
  /** Names a manifest so that an OCI layout reader finds it: `<appId>:<tag>`. */
  tag(name: string, digest: string): Promise<void>;
  remove(digest: string): Promise<void>;
  list(): AsyncIterable<{ digest: string; sizeBytes: number }>;
}
