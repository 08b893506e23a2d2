import type { CollectedSources, FetchedSource, SourceStore, Upload } from "../../../delivery/source/index.ts";
import { BusinessError } from "../../../kernel/index.ts";
import { callPeer, type LocalPeer, type LocalRoutes, readPeer } from "../local/index.ts";

/** What a process without the files asks of the one that has them. */
export interface RemoteSources {
  readonly sources: Pick<SourceStore, "read" | "collect">;
  /** Gets what a URL names into the store. Aborting gives the download up. */
  fetchSource(url: string, checksum: string | null, signal: AbortSignal): Promise<FetchedSource>;
  /** Stores a folder of a stored source as a source of its own. */
  cutSource(digest: string, folder: string): Promise<{ readonly digest: string }>;
  readonly uploads: {
    /** Addresses for one upload under `base`. */
    create(base: string): Promise<Upload>;
  };
}

/**
 * Sources for other Conifer processes:
 * - `GET /sources/<digest>`: the bytes of its tar.
 * - `POST /sources/fetch` with `{url, checksum}`: what was stored; ends early when the caller goes away.
 * - `POST /sources/cut` with `{digest, folder}`: the digest of the folder as a source of its own.
 * - `POST /source-collections` with `{kept, before}`: what was removed; `before` is a time in RFC 3339.
 * - `POST /uploads` with `{base}`: addresses for an upload.
 */
export function sourceRoutes(files: RemoteSources): LocalRoutes {
  return {
    handlers: {
      "GET /sources/:digest": (call) => files.sources.read(call.params.digest ?? ""),
      "POST /sources/fetch": async (call) => {
        const { url, checksum } = ((await call.json()) ?? {}) as { url?: unknown; checksum?: unknown };
        if (typeof url !== "string" || !(checksum === null || typeof checksum === "string"))
          throw new BusinessError("bad_request", "a url and a checksum or null are needed");
        return await files.fetchSource(url, checksum, call.signal);
      },
      "POST /sources/cut": async (call) => {
        const { digest, folder } = ((await call.json()) ?? {}) as { digest?: unknown; folder?: unknown };
        if (typeof digest !== "string" || typeof folder !== "string")
          throw new BusinessError("bad_request", "a digest and a folder are needed");
        return await files.cutSource(digest, folder);
      },
      "POST /source-collections": async (call) => {
        const { kept, before } = ((await call.json()) ?? {}) as { kept?: unknown; before?: unknown };
        const time = new Date(String(before));
        if (!Array.isArray(kept) || Number.isNaN(time.getTime()))
          throw new BusinessError("bad_request", "digests and a time are needed");
        return await files.sources.collect(kept as readonly string[], time);
      },
      "POST /uploads": async (call) => {
        const { base } = ((await call.json()) ?? {}) as { base?: unknown };
        if (typeof base !== "string") throw new BusinessError("bad_request", "a base is needed");
        return await files.uploads.create(base);
      },
    },
  };
}

/** Sources that another process keeps. Throws PeerGone while it is away. */
export function makeSourceClient(peer: LocalPeer): RemoteSources {
  return {
    sources: {
      read: (digest) => readPeer(peer, `GET /sources/${encodeURIComponent(digest)}`),
      collect: async (kept, before) =>
        (await callPeer(peer, "POST /source-collections", {
          body: { kept, before: before.toISOString() },
        })) as CollectedSources,
    },
    fetchSource: async (url, checksum, signal) =>
      (await callPeer(peer, "POST /sources/fetch", { body: { url, checksum }, signal })) as FetchedSource,
    cutSource: async (digest, folder) =>
      (await callPeer(peer, "POST /sources/cut", { body: { digest, folder } })) as {
        readonly digest: string;
      },
    uploads: {
      create: async (base) => (await callPeer(peer, "POST /uploads", { body: { base } })) as Upload,
    },
  };
}
