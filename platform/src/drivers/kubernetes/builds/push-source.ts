import type { SourceStore } from "../../../delivery/source/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";

/** A source up to this size is held in memory on its way; a larger one is read twice. */
const SMALL_BYTES = 8 * 1024 * 1024;

/**
 * Puts a source where its build's pod fetches it: as a blob of the app's own repository, so that a pod needs one address
 * and one credential, and whoever may read the source could read the app's image anyway. Nothing is sent when it is there.
 */
export async function pushSource(
  digest: string,
  sources: Pick<SourceStore, "read">,
  to: { readonly client: Pick<RegistryClient, "hasBlob" | "pushBlob">; readonly repository: string },
  signal: AbortSignal,
): Promise<void> {
  const { client, repository } = to;
  if (await client.hasBlob(repository, digest, { signal })) return;
  const { size, whole } = await measure(digest, sources);
  const open = async function* () {
    if (whole) yield whole;
    else yield* (await sources.read(digest)) as AsyncIterable<Buffer>;
  };
  await client.pushBlob(repository, { digest, size, open }, { signal });
}

/** A registry is told the size before the content. */
async function measure(digest: string, sources: Pick<SourceStore, "read">) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (await sources.read(digest)) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= SMALL_BYTES) chunks.push(chunk);
  }
  return { size, whole: size <= SMALL_BYTES ? Buffer.concat(chunks) : undefined };
}
