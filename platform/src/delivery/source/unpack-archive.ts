import { PassThrough, pipeline, type Readable, Transform } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
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
  const output = new PassThrough();
  const start = (first: Buffer) => {
    const magic = first.toString("hex", 0, 8);
    const other = OTHER_FORMS.find((form) => magic.startsWith(form.magic));
    if (other)
      return output.destroy(invalidParams(`The source is ${other.name}. Send it as .tar.gz or plain .tar.`));
    const gunzip = magic.startsWith("1f8b") ? createGunzip() : undefined;
    const stages = gunzip ? [archive, gunzip, growthLimit(limits, gunzip)] : [archive, growthLimit(limits)];
    pipeline([...stages, output], (error) => {
      if (error) output.destroy(isGzipError(error) ? damaged() : error);
    });
    return undefined;
  };
  archive.once("error", (error) => output.destroy(error));
  archive.once("end", () => output.end());
  archive.once("readable", () => {
    const first = archive.read() as Buffer | null;
    if (first === null) return;
    archive.unshift(first);
    start(first);
  });
  output.once("close", () => archive.destroy());
  return output;
}

function growthLimit(limits: TarLimits, gunzip?: Gunzip): Transform {
  const most = limits.maxTotalBytes + limits.maxEntries * ENTRY_OVERHEAD;
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed > most) {
        done(
          invalidParams(
            `The source unpacks to more than ${sizeText(limits.maxTotalBytes)}, the most that is taken.`,
          ),
        );
      } else if (gunzip && passed > RATIO_FROM_BYTES && passed > gunzip.bytesWritten * MAX_RATIO) {
        done(
          invalidParams(
            `The source unpacks to more than ${MAX_RATIO} times its size, which no source code does.`,
          ),
        );
      } else {
        done(null, chunk);
      }
    },
  });
}

function isGzipError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith("Z_") ?? false;
}

function damaged(): Error {
  return invalidParams("The source's gzip file is damaged or cut off. Make it anew and deploy again.");
}
