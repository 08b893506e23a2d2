import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Clock, MasterKey } from "../../kernel/index.ts";
import type { Pace } from "./paced-body.ts";
import type {
  RepositoryManagement,
  RepositoryRecords,
  ServedContent,
  UploadStore,
} from "./registry-ports.ts";
import type { RegistryPrincipal, Repository } from "./registry-rules.ts";

export interface RegistryDependencies {
  readonly content: ServedContent;
  readonly records: RepositoryRecords & RepositoryManagement;
  readonly uploads: UploadStore;
  /** From `registryKeys`. */
  readonly keys: MasterKey;
  readonly now: Clock;
}

export interface RegistryLimits {
  /** Of a body that is sent to us. */
  readonly pace: Pace;
  /** A download of which nobody took a byte for so long is broken off. */
  readonly stallMs: number;
  /** Bodies that are received at a time; more are told to come back. */
  readonly bodies: number;
  /** Requests in flight may take so long to end when the registry stops. */
  readonly stopMs: number;
  /** Tags of one repository, and referrers of one manifest. */
  readonly tags: number;
  readonly referrers: number;
  /** Of the blobs and manifests of one repository; not bounded when missing. */
  readonly repositoryBytes?: number;
  /** Of all that a space's repositories hold, each blob counted once; not bounded where it returns nothing. */
  readonly spaceBytes?: (space: string) => number | undefined;
}

export const REGISTRY_LIMITS: RegistryLimits = {
  pace: { windowMs: 30_000, leastBytes: 32 * 1024 },
  stallMs: 300_000,
  bodies: 64,
  stopMs: 30_000,
  tags: 10_000,
  referrers: 500,
};

/** A request to a repository, by somebody who may make it. */
export interface RegistryCall {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly principal: RegistryPrincipal;
  readonly repository: Repository;
  /** The request's body, as long as it comes fast enough. To be read once. */
  readonly body: () => AsyncIterable<Buffer>;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number | readonly string[]>>;
  /** Not sent on HEAD; a stream needs its `content-length` among the headers. */
  readonly body?: Buffer | string | (() => Promise<Readable>);
}

export function jsonAnswer(document: unknown, headers: RegistryAnswer["headers"] = {}): RegistryAnswer {
  return {
    status: 200,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(document),
  };
}
