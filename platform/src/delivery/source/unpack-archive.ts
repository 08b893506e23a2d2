import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { invalidParams } from "../../kernel/index.ts";
import { sizeText, type TarLimits } from "./tar-limits.ts";

/** Compressed forms we know by their first bytes and do not take. */
const OTHER_FORMS: readonly { readonly name: string; readonly magic: string }[] = [
  { name: "a zip archive", magic: "504b0304" },
  { name: "compressed with xz", magic: "fd377a585a00" },
  { name: "compressed with bzip2", magic: "425a68" },
  { name: "compressed with zstd", magic: "28b52ffd" },
];

/** A gzip file may grow by this factor; source code stays below 20. Small files may grow as they like. */
const MAX_RATIO = 250;
const RATIO_FROM_BYTES = 64 * 1024 * 1024;
/** Headers, padding and long names of one entry, as an allowance beside the content. */
const ENTRY_OVERHEAD = 4096;

/**
 * A `.tar.gz` or plain tar as a plain tar, told apart by the first bytes. Fails with invalid_params for other forms, for
 * damaged gzip, and as soon as more comes out than a source may hold.
 */
export function unpackArchive(archive: Readable, limits: TarLimits): Readable {
  return Readable.from(unpack(archive, limits), { objectMode: false });
}

async function* unpack(archive: Readable, limits: TarLimits): AsyncGenerator<Buffer> {
  try {
    const chunks = (archive as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    const head = await readHead(chunks);
    const magic = head.toString("hex", 0, 8);
    const other = OTHER_FORMS.find((form) => magic.startsWith(form.magic));
    if (other) throw invalidParams(`The source is ${other.name}. Send it as .tar.gz or plain .tar.`);
    const whole = Readable.from(startingWith(head, chunks), { objectMode: false });
    if (magic.startsWith("1f8b")) yield* gunzipped(whole, limits);
    else yield* withinLimits(whole, limits, () => Number.POSITIVE_INFINITY);
  } finally {
    archive.destroy();
  }
}

/** The first bytes: eight, when there are as many. */
async function readHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 8) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function* startingWith(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}

async function* gunzipped(compressed: Readable, limits: TarLimits): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  pipeline(compressed, gunzip, () => {});
  try {
    yield* withinLimits(gunzip, limits, () => Math.max(RATIO_FROM_BYTES, gunzip.bytesWritten * MAX_RATIO));
  } catch (thrown) {
    if (!isGzipError(thrown)) throw thrown;
    throw invalidParams("The source's gzip file is damaged or cut off. Make it anew and deploy again.");
  }
}

/** Passes on what stays below the limits and below what `grown` allows by now. */
async function* withinLimits(
  plain: AsyncIterable<Buffer>,
  limits: TarLimits,
  grown: () => number,
): AsyncGenerator<Buffer> {
  const most = limits.maxTotalBytes + limits.maxEntries * ENTRY_OVERHEAD;
  let passed = 0;
  for await (const chunk of plain) {
    passed += chunk.length;
    if (passed > most) {
      throw invalidParams(
        `The source unpacks to more than ${sizeText(limits.maxTotalBytes)}, the most that is taken.`,
      );
    }
    if (passed > grown()) {
      throw invalidParams(
        `The source unpacks to more than ${MAX_RATIO} times its size, which no source code does.`,
      );
    }
    yield chunk;
  }
}

function isGzipError(thrown: unknown): boolean {
  return thrown instanceof Error && String((thrown as NodeJS.ErrnoException).code).startsWith("Z_");
}
