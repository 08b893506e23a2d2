import { Readable } from "node:stream";
import { BusinessError, notFound } from "../../kernel/index.ts";
import type { ImageStore } from "./image-ports.ts";
import { digestOf } from "./oci-documents.ts";

/** An ImageStore in memory, for tests of its users. `tags` shows what has been named. */
export interface FakeImageStore extends ImageStore {
  readonly tags: ReadonlyMap<string, string>;
}

export function makeFakeImageStore(): FakeImageStore {
  const blobs = new Map<string, Buffer>();
  const tags = new Map<string, string>();
  return {
    tags,
    has: async (digest) => blobs.has(digest),
    async read(digest) {
      const blob = blobs.get(digest);
      if (!blob) throw notFound("image");
      return Readable.from([blob]);
    },
    async write(content, expected) {
      const bytes = Buffer.isBuffer(content) ? content : await collect(content);
      const digest = digestOf(bytes);
      if (expected !== undefined && expected !== digest)
        throw new BusinessError("invalid_params", `the content's digest is ${digest}, not ${expected}`);
      blobs.set(digest, bytes);
      return { digest, sizeBytes: bytes.length };
    },
    async tag(name, digest) {
      if (!blobs.has(digest)) throw notFound("image");
      tags.set(name, digest);
    },
    async remove(digest) {
      blobs.delete(digest);
      for (const [name, tagged] of tags) if (tagged === digest) tags.delete(name);
    },
    async *list() {
      for (const [digest, { length }] of blobs) yield { digest, sizeBytes: length };
    },
  };
}

async function collect(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content as AsyncIterable<Buffer>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
