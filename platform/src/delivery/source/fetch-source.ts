import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BusinessError, invalidParams, type NewId } from "../../kernel/index.ts";
import { bounded } from "./bounded.ts";
import { type DownloadOptions, download } from "./source-download.ts";
import type { OwnUpload } from "./source-upload.ts";
import { parseChecksum, type StoreArchiveDependencies, storeArchive } from "./store-archive.ts";
import type { StoredSource } from "./store-source.ts";
import { sizeText } from "./tar-limits.ts";

export interface SourceBlob {
  readonly url: string;
  /** `SHA256:<hex>` of the archive. */
  readonly checksum?: string | null | undefined;
}

export interface FetchSourceDependencies extends StoreArchiveDependencies {
  /** Recognizes an address that we signed ourselves; such an upload is read directly. */
  readonly ownUpload: (url: string) => OwnUpload | undefined;
  readonly newId: NewId;
  /** Default 1 GiB, as it is sent. */
  readonly maxArchiveBytes?: number;
  /** Default 10 minutes. */
  readonly fetchMs?: number;
  readonly download?: Omit<DownloadOptions, "signal">;
}

/**
 * Gets the source a build names by its `source_blob` and stores it. Throws invalid_params, with what to do next, for
 * everything that is the user's to change. Aborting the signal gives the download up.
 */
export async function fetchSource(
  blob: SourceBlob,
  deps: FetchSourceDependencies,
  signal: AbortSignal,
): Promise<StoredSource> {
  const checksum = blob.checksum ?? undefined;
  if (checksum !== undefined) parseChecksum(checksum);
  const own = deps.ownUpload(blob.url);
  if (own?.kind === "expired") {
    throw invalidParams(
      "The source's url has expired. Make a new one with POST /sources and upload the source again.",
    );
  }
  if (own) return await storeUpload(own.id, checksum, deps);
  const id = deps.newId();
  try {
    await downloadTo(id, blob.url, deps, signal);
    return await storeArchive(id, checksum, deps);
  } finally {
    await deps.archives.remove(id);
  }
}

async function storeUpload(
  id: string,
  checksum: string | undefined,
  deps: FetchSourceDependencies,
): Promise<StoredSource> {
  try {
    return await storeArchive(id, checksum, deps);
  } catch (thrown) {
    if (!(thrown instanceof BusinessError) || thrown.id !== "not_found") throw thrown;
    throw invalidParams("Nothing has been uploaded for this source. PUT the archive to its put_url first.");
  }
}

async function downloadTo(
  id: string,
  url: string,
  deps: FetchSourceDependencies,
  signal: AbortSignal,
): Promise<void> {
  const most = deps.maxArchiveBytes ?? 1024 ** 3;
  const tooLarge = () =>
    invalidParams(`The source is larger than ${sizeText(most)}, the most that is fetched.`);
  const late = AbortSignal.timeout(deps.fetchMs ?? 600_000);
  const until = AbortSignal.any([signal, late]);
  const response = await download(url, { ...deps.download, signal: until });
  if (Number(response.headers["content-length"] ?? 0) > most) {
    response.destroy();
    throw tooLarge();
  }
  const content = new PassThrough();
  const received = pipeline(response, bounded(most, tooLarge), content, { signal: until });
  received.catch(() => {});
  try {
    await deps.archives.write(id, content);
    await received;
  } catch (thrown) {
    if (thrown instanceof BusinessError) throw thrown;
    throw invalidParams(`The source's download ${late.aborted ? "took too long" : "broke off"}. Try again.`);
  }
}
