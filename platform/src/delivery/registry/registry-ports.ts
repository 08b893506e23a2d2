import type { Readable } from "node:stream";
import type { ImageStore, OciDescriptor } from "../image/index.ts";
import type { Repository } from "./registry-rules.ts";

/** Bytes of a blob, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A store that can also hand out parts of its content. */
export interface ServedContent extends Pick<ImageStore, "write"> {
  /** In bytes; undefined when the blob is not there. One that is there is not collected before a time of grace is over. */
  sizeOf(digest: string): Promise<number | undefined>;
  /** In bytes; 0 when the blob is not there. Says nothing of how long it will be. */
  weigh(digest: string): Promise<number>;
  /** Throws not_found (resource `image`) when the blob is not there. */
  read(digest: string, range?: ByteRange): Promise<Readable>;
}

/** A manifest or index as a repository holds it. */
export interface HeldManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** The digest of what it is about, with what a list of referrers shows of it. */
  readonly subject?: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * What each repository holds. All of it is durable once a call returns, and calls of several processes at once do not
 * disturb each other. Whoever reads asks for one thing at a time: nothing needs a whole repository in memory.
 */
export interface RepositoryRecords {
  holdBlob(repository: Repository, digest: string): Promise<void>;
  holdsBlob(repository: Repository, digest: string): Promise<boolean>;
  /** Holds the manifest, lists it with the referrers of its subject, and then gives it the tag. */
  holdManifest(repository: Repository, manifest: HeldManifest, tag?: string): Promise<void>;
  /** By digest or tag. */
  findManifest(repository: Repository, reference: string): Promise<HeldManifest | undefined>;
  /** All tags, in no order; undefined when the repository holds nothing. */
  tags(repository: Repository): Promise<readonly string[] | undefined>;
  referrers(repository: Repository, subject: string): Promise<readonly OciDescriptor[]>;
}

/** What is taken out of repositories, and read whole to decide about it. As durable as what is put in. */
export interface RepositoryManagement {
  /** Returns whether there was such a tag. What it named stays. */
  dropTag(repository: Repository, tag: string): Promise<boolean>;
  /** Drops a manifest, the tags that name it and its place among referrers. Returns whether there was one. */
  dropManifest(repository: Repository, digest: string): Promise<boolean>;
  /** Returns whether the repository held the blob. Its content is not touched. */
  dropBlob(repository: Repository, digest: string): Promise<boolean>;
  /** All manifests, one after the other; those that come or go meanwhile may be missed. */
  manifests(repository: Repository): AsyncIterable<HeldManifest>;
  /** The digests of all blobs, likewise. */
  blobs(repository: Repository): AsyncIterable<string>;
  /** The repositories of a space that hold something, likewise. */
  repositories(space: string): AsyncIterable<Repository>;
}

/**
 * Content that arrives in pieces, over several connections, before anybody knows its digest. What has arrived outlives
 * the process. Calls for one upload come one at a time.
 */
export interface UploadStore {
  /** Returns the id. Throws unavailable when the disk is nearly full, and conflict when the repository has too many. */
  begin(repository: Repository): Promise<string>;
  /** How many bytes have arrived; undefined when there is no such upload in the repository. */
  sizeOf(repository: Repository, id: string): Promise<number | undefined>;
  /**
   * Adds content at the end and returns the size then. Content that breaks off stays as far as it came, and what broke it
   * is thrown. Throws payload_too_large, and unavailable when the disk is full; the upload is gone then.
   */
  append(repository: Repository, id: string, content: AsyncIterable<Buffer>): Promise<number>;
  /** Makes a blob of it. Throws invalid_params when it has another digest; the upload is gone either way. */
  finish(repository: Repository, id: string, digest: string): Promise<void>;
  drop(repository: Repository, id: string): Promise<void>;
  /** Drops uploads to which nothing was added since a time, and returns how many. */
  dropOlder(since: Date): Promise<number>;
}
