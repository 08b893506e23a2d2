import { createHash } from "node:crypto";
import { pause } from "../../../kernel/index.ts";
import { type Persistence, pauseBefore } from "./persist-request.ts";
import { breakOf, RegistryRequestError } from "./registry-request-error.ts";
import type { RegistryReply } from "./registry-requests.ts";

/** Content that is told by its digest. */
export interface BlobWanted {
  readonly digest: string;
  /** In bytes, where it is known. */
  readonly size?: number;
}

interface BlobReading {
  /** What this is, for messages. */
  readonly doing: string;
  /** Asks for the blob from a byte on. The answer is 200 with all of it, or 206. */
  readonly ask: (from: number) => Promise<RegistryReply>;
  readonly persistence: Persistence;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The blob's content, which goes on where it broke off. It is good when it ends without an error: then it has the digest
 * and size that were asked for. What has been read before that may be anything.
 */
export async function* readWholeBlob(wanted: BlobWanted, reading: BlobReading): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let got = 0;
  for (let tried = 1; ; tried += 1) {
    try {
      for await (const part of partsFrom(got, reading)) {
        hash.update(part);
        got += part.length;
        if (got > (wanted.size ?? Number.POSITIVE_INFINITY))
          throw wrong(reading, `over ${wanted.size} bytes came`);
        tried = 1;
        yield part;
      }
      break;
    } catch (thrown) {
      const wait = pauseBefore(thrown, tried, reading.persistence);
      if (wait === undefined) throw thrown;
      await pause(wait, reading.signal);
      reading.signal?.throwIfAborted();
    }
  }
  if (wanted.size !== undefined && got !== wanted.size)
    throw wrong(reading, `${got} bytes came, not ${wanted.size}`);
  const digest = `sha256:${hash.digest("hex")}`;
  if (digest !== wanted.digest) throw wrong(reading, `content with the digest ${digest} came`);
}

async function* partsFrom(from: number, { doing, ask, signal }: BlobReading): AsyncGenerator<Buffer> {
  const { status, headers, body } = await ask(from);
  let skip = status === 206 ? 0 : from;
  const announced = Number(headers["content-length"] ?? Number.NaN);
  let came = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      came += part.length;
      const rest = part.subarray(Math.min(skip, part.length));
      skip -= part.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw breakOf(doing, thrown);
  }
  if (came < announced) throw breakOf(doing, new Error(`the content broke off after ${came} bytes`));
}

function wrong({ doing }: BlobReading, what: string): RegistryRequestError {
  const message = `${doing}: ${what}. What the registry holds is damaged: push it again.`;
  return new RegistryRequestError(message, { status: 200, passing: false });
}
