import type { Readable } from "node:stream";

/** Sources by the digest of their (uncompressed, checked) tar. Durable once `write` returns. */
export interface SourceStore {
  has(digest: string): Promise<boolean>;
  read(digest: string): Promise<Readable>;
  write(tar: Readable): Promise<{ digest: string; sizeBytes: number }>;
  remove(digest: string): Promise<void>;
}
