import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BusinessError, invalidParams } from "../../kernel/index.ts";
import { bounded } from "./bounded.ts";
import { cleanTar, findSingleDirectory } from "./clean-tar.ts";
import { type DownloadOptions, download } from "./source-download.ts";
import { DEFAULT_TAR_LIMITS, sizeText, type TarLimits } from "./tar-limits.ts";
import { unpackArchive } from "./unpack-archive.ts";

export interface ArchiveFetch {
  /** `https://…` or `http://…` of a `.tar.gz` or plain tar. */
  readonly address: string;
  /** Hexadecimal SHA-256 that the archive must have. */
  readonly sha256?: string | undefined;
  /** A file that is not there yet; it is gone when this is over. */
  readonly file: string;
  /** Of the archive as it is sent. */
  readonly maxBytes: number;
  readonly limits?: Partial<TarLimits>;
  readonly download: DownloadOptions;
  /** Takes the content: a plain tar in its one form, without the directory that holds everything, if there is one. */
  readonly take: (tar: Readable) => Promise<unknown>;
}

/**
 * Gets an archive that a user named by its address. Returns the hexadecimal SHA-256 of its content in the one form of
 * sources. Throws invalid_params for what is the user's to change; what was taken by then is the caller's to remove.
 */
export async function fetchArchive(wanted: ArchiveFetch): Promise<string> {
  const { file, address, sha256 } = wanted;
  const limits = { ...DEFAULT_TAR_LIMITS, ...wanted.limits };
  const open = () => unpackArchive(createReadStream(file), limits);
  try {
    const found = await downloadTo(wanted);
    if (sha256 !== undefined && sha256.toLowerCase() !== found)
      throw invalidParams(`${address} has the SHA-256 ${found}, and ${sha256} was asked for.`);
    const strip = await findSingleDirectory(open(), limits);
    const clean = cleanTar(open(), { limits, links: "inside", ...(strip === undefined ? {} : { strip }) });
    const content = createHash("sha256");
    const passed = clean.tar.pipe(passingBy(content));
    clean.tar.once("error", (error) => passed.destroy(error));
    await Promise.all([wanted.take(passed), clean.report]);
    return content.digest("hex");
  } finally {
    await rm(file, { force: true });
  }
}

/** Passes all on, and has it hashed. */
function passingBy(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

/** Returns the SHA-256 of what was written. */
async function downloadTo({ address, file, maxBytes, download: options }: ArchiveFetch): Promise<string> {
  const tooLarge = () =>
    invalidParams(`${address} is larger than ${sizeText(maxBytes)}, the most that is taken.`);
  const { signal } = options;
  const response = await download(address, options);
  const hash = createHash("sha256");
  try {
    const to = createWriteStream(file, { mode: 0o600 });
    await pipeline(response, bounded(maxBytes, tooLarge), passingBy(hash), to, { signal });
  } catch (thrown) {
    if (thrown instanceof BusinessError || signal.aborted) throw thrown;
    throw invalidParams(`The download of ${address} broke off. Try again.`);
  }
  return hash.digest("hex");
}
