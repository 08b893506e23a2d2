import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";

/** How a layer's content is packed, by its first bytes (RFC 1952 §2.3.1, RFC 8878 §3.1.1). */
export function packingOf(head: Buffer): "gzip" | "zstd" | "none" {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return "zstd";
  return "none";
}

/** What a layer's plain tar must be. */
export interface LayerPromise {
  /** `sha256:<hex>` of the plain tar: the image config's diffID. */
  readonly diffId: string;
  /** Bytes of the plain tar at the most. */
  readonly limitBytes: number;
}

/**
 * The plain tar of a layer, whichever way it is packed. It is good when it ends without an error: then it is what the
 * image's config says.
 */
export async function* readPlainLayer(
  content: AsyncIterable<Buffer>,
  { diffId, limitBytes }: LayerPromise,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of unpacked(content)) {
    bytes += part.length;
    if (bytes > limitBytes) throw new Error(`the layer ${diffId} unpacks to more than ${limitBytes} bytes`);
    hash.update(part);
    yield part;
  }
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== diffId) throw new Error(`the layer ${diffId} unpacks to something else, ${found}`);
}

async function* unpacked(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const parts = content[Symbol.asyncIterator]();
  const head = await parts.next();
  const whole = Readable.from(all(head, parts), { objectMode: false });
  const packing = head.done ? "none" : packingOf(head.value);
  if (packing === "none") return yield* whole as AsyncIterable<Buffer>;
  const plain = packing === "gzip" ? createGunzip() : createZstdDecompress();
  const feeding = pipeline(whole, plain);
  // What goes wrong there is thrown by reading; without a reader it is nobody's.
  feeding.catch(() => {});
  yield* plain as AsyncIterable<Buffer>;
  await feeding;
}

async function* all(head: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    for (let next = head; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
