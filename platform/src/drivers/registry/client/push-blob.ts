import { RegistryRequestError } from "./registry-request-error.ts";
import {
  discard,
  type RegistryReply,
  type RegistryRequest,
  type RegistryRequests,
  type SentBody,
} from "./registry-requests.ts";

/** A blob to be pushed. `open` gives its content from the beginning, each time it is called. */
export interface RegistryBlob extends SentBody {
  readonly digest: string;
}

interface BlobTarget {
  readonly requests: RegistryRequests;
  /** `<host>/<repository>`, for messages. */
  readonly where: string;
  readonly repository: string;
  readonly scopes: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Pushes a blob in one piece (distribution-spec 1.1, "POST then PUT"). */
export async function pushWholeBlob(target: BlobTarget, blob: RegistryBlob): Promise<void> {
  const doing = `pushing ${blob.digest} to ${target.where}`;
  const upload = locationOf(doing, await begin(target, doing, ""));
  const place = `${upload}${upload.includes("?") ? "&" : "?"}digest=${blob.digest}`;
  const headers = { "content-type": "application/octet-stream" };
  await discard(await ask(target, { doing, method: "PUT", target: place, headers, body: blob }));
}

/**
 * Has the registry take a blob over from another of its repositories. False when it does not: it cannot, it has no such
 * blob there, or this user may not read it; the specification has no way to tell these apart.
 */
export async function mountWholeBlob(target: BlobTarget, digest: string, from: string): Promise<boolean> {
  const doing = `taking ${digest} over from ${from} to ${target.where}`;
  const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
  return (await begin(target, doing, query)).status === 201;
}

async function begin(target: BlobTarget, doing: string, query: string): Promise<RegistryReply> {
  const place = `/v2/${target.repository}/blobs/uploads/${query}`;
  const reply = await ask(target, { doing, method: "POST", target: place, body: NOTHING });
  await discard(reply);
  return reply;
}

const NOTHING: SentBody = { size: 0, open: async function* () {} };

function ask({ requests, scopes, signal }: BlobTarget, asked: Omit<RegistryRequest, "scopes" | "signal">) {
  return requests.send({ ...asked, scopes, signal });
}

/** Registries answer with a path or a whole address, often with a query that has to be kept. */
function locationOf(doing: string, { headers, status }: RegistryReply): string {
  const { location } = headers;
  if (typeof location === "string") return location;
  const message = `${doing}: the registry says nowhere to send it. Is this address a registry's?`;
  throw new RegistryRequestError(message, { status, passing: false });
}
