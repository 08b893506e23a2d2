import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";

/** What a collection of sources has removed. */
export interface CollectedSources {
  readonly sources: number;
  readonly freedBytes: number;
}

/**
 * Sources by the digest (`sha256:<hex>`) of their plain tar, which `cleanTar` has checked and put into its one form.
 * Durable once `write` returns; writing the same source twice is the same as once; concurrent writers of one source do
 * not disturb each other. When the stream given to `write` fails, the failure is passed on and nothing is kept. What was written,
 * read or found is new for `collect`, also when it was there long before.
 */
export interface SourceStore {
  has(digest: string): Promise<boolean>;
  /** Throws not_found (resource `source`) when it is not there. Links in the tar may point anywhere: never follow them. */
  read(digest: string): Promise<Readable>;
  write(tar: Readable): Promise<{ digest: string; sizeBytes: number }>;
  /** Removing what is not there is no error. */
  remove(digest: string): Promise<void>;
  /** Removes what is not among `kept` and was new before that time. Others may read and write meanwhile. */
  collect(kept: readonly string[], before: Date): Promise<CollectedSources>;
}

/** One ref that a push wants changed. `from` is what the client saw; absent when new. `to` is absent for a deletion. */
export interface RefCommand {
  readonly ref: string;
  readonly from?: string;
  readonly to?: string;
}

/** What becomes of one ref: Conifer has moved it itself, git shall store it as it came, or it is refused. */
export type RefAnswer =
  | { readonly kind: "moved"; readonly ref: string }
  | { readonly kind: "store"; readonly ref: string }
  | { readonly kind: "refused"; readonly ref: string; readonly reason: string };

/** What a push yields while it waits: text for the client's terminal, and one `answers`, for every command, at the end. */
export type PushNews =
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "answers"; readonly answers: readonly RefAnswer[] };

/**
 * Called once for a push, when all its objects are in the repository and no longer in git's quarantine. The signal aborts
 * when the client goes away or Conifer stops; in the second case there is a moment left for answers.
 */
export type PushReceiver = (commands: readonly RefCommand[], signal: AbortSignal) => AsyncIterable<PushNews>;

export interface GitCall {
  readonly appId: string;
  /** What stands behind `/<app>.git`: `/info/refs`, `/git-upload-pack` or `/git-receive-pack`. */
  readonly path: string;
  /** For git's own records. */
  readonly user: string;
  readonly receive: PushReceiver;
}

/**
 * Speaks git's smart HTTP for an app's repository, which it makes when it is not there. Pushes from shallow clones are
 * taken as well; what they leave out is remembered as missing.
 */
export interface GitTransport {
  /**
   * Answers the whole request, streaming both ways; resolves when the response has ended. A client that goes away ends
   * git's processes. Throws only before it has sent a header.
   */
  serve(call: GitCall, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What a commit says about itself. `submodules` are paths whose content is in another repository. */
export interface CommitDescription {
  readonly subject: string;
  readonly submodules: readonly string[];
}

export interface RefMove {
  /** What the ref named when the caller still had leave to move it: somebody who was stopped meanwhile moves nothing back. */
  readonly from: string | undefined;
  readonly to: string;
}

/** The apps' repositories. Commits are full object names. */
export interface GitRepositories {
  /** The commit a ref names; absent when the ref or the repository does not exist. */
  readRef(appId: string, ref: string): Promise<string | undefined>;
  /**
   * Makes the ref, and HEAD through it, name a commit that was built. Doing it twice is the same as once; without a
   * repository (the app was destroyed) it does nothing. Call it for one app's builds in the order they succeeded. Throws
   * when the ref names neither that commit nor the one that the caller has seen it name (undefined: none).
   */
  moveRef(appId: string, ref: string, move: RefMove): Promise<void>;
  /** Throws invalid_params when it is not a commit. */
  describeCommit(appId: string, commit: string): Promise<CommitDescription>;
  /** The commit's files as a tar, in the order of its tree. The stream fails when git does. */
  exportCommit(appId: string, commit: string, signal: AbortSignal): Readable;
  remove(appId: string): Promise<void>;
}

/** Archives as their senders made them, kept for a short time under an id of ours. */
export interface ArchiveStore {
  /** Stores the whole content or nothing; a later write replaces an earlier. Passes the stream's failure on. */
  write(id: string, content: Readable): Promise<void>;
  /** Throws not_found (resource `source`) when nothing was written. */
  read(id: string): Promise<{ content: Readable; sizeBytes: number }>;
  remove(id: string): Promise<void>;
  /** Removes what was written before that time. */
  removeBefore(time: Date): Promise<void>;
}
