import type { Readable } from "node:stream";
import { RegistryError } from "./registry-error.ts";

/** How slowly a body may come: in every window so many bytes, or its end. */
export interface Pace {
  readonly windowMs: number;
  readonly leastBytes: number;
}

/**
 * The chunks of a body, as long as they come fast enough. Throws BLOB_UPLOAD_INVALID (408) when they do not, and an Error
 * when the sender goes away. Only the time spent waiting for the sender counts, not what our disk needs.
 */
export async function* pacedBody(body: Readable, { windowMs, leastBytes }: Pace): AsyncGenerator<Buffer> {
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let leftMs = windowMs;
  let bytes = 0;
  try {
    while (true) {
      const began = performance.now();
      const next = await withinWindow(chunks.next(), leftMs);
      if (next.done) return;
      leftMs -= performance.now() - began;
      bytes += next.value.length;
      if (bytes >= leastBytes) {
        leftMs = windowMs;
        bytes = 0;
      } else if (leftMs <= 0) throw tooSlow();
      yield next.value;
    }
  } finally {
    // The connection stays for the answer. Not awaited: it would wait for a sender who is too slow.
    void chunks.return?.();
  }
}

async function withinWindow<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), Math.max(ms, 1));
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function tooSlow(): RegistryError {
  return new RegistryError("BLOB_UPLOAD_INVALID", "the content came too slowly; send it again", {
    status: 408,
  });
}

/** Reads a body of at most so many bytes. Throws SIZE_INVALID (413) for a larger one. */
export async function readBounded(chunks: AsyncIterable<Buffer>, mostBytes: number): Promise<Buffer> {
  const all: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > mostBytes) throw new RegistryError("SIZE_INVALID", `more than ${mostBytes} bytes were sent`);
    all.push(chunk);
  }
  return Buffer.concat(all);
}
