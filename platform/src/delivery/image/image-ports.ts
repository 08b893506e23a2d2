import type { Readable } from "node:stream";

/** Removes images that nothing needs any more, from wherever they are kept. */
export interface ImageCollection {
  /**
   * Has what nothing reaches be removed in the background: what is neither named, nor new, nor part of one of these images.
   * Returns false when that is under way already. The caller names every image of the platform's record: what is not among
   * them, and has been so for a time of grace, goes.
   */
  collect(known: readonly string[]): Promise<boolean>;
  /** Takes an app's images their names, when the app is no more. Doing it again changes nothing. */
  forget(appId: string): Promise<void>;
}

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

/** A part of an image on its way. */
export interface ImagePart {
  readonly digest: string;
  /** In bytes, as the manifest says. */
  readonly size: number;
  /** The content from its beginning, each time. */
  readonly open: () => AsyncIterable<Buffer>;
}

/** Where an image goes, part by part. Taking something twice is the same as once. */
export interface ImageSink {
  /** Whether a part is there already, so that its content need not come. */
  has(digest: string): Promise<boolean>;
  /** Takes a blob, and refuses one of another digest. */
  write(blob: ImagePart): Promise<unknown>;
  /** Takes the manifest, after all that it names. */
  writeManifest(bytes: Buffer, digest: string): Promise<unknown>;
}
