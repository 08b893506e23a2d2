import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";

export interface TarFileLimits {
  readonly fileBytes: number;
  readonly totalBytes: number;
  readonly files: number;
}

/** A file of an archive as text, or why it was left. */
export type TarFile =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly left: string };

/**
 * Reads some files of an uncompressed tar, in the order of their paths, and passes over the rest. What is too large, or
 * too much, is told and not read. Throws when the archive breaks off or is none.
 */
export async function readTarFiles(
  archive: Readable,
  isWanted: (path: string) => boolean,
  limits: TarFileLimits,
): Promise<readonly TarFile[]> {
  const tar = extract();
  const reading = pipeline(archive, tar);
  const all: TarFile[] = [];
  let bytes = 0;
  try {
    for await (const entry of tar) {
      const { name, type, size = 0 } = entry.header;
      const path = name.replace(/^(?:\.?\/)+/, "");
      const why =
        all.length >= limits.files || bytes + size > limits.totalBytes ? MORE : tooLarge(size, limits);
      if (type !== "file" || !isWanted(path)) entry.resume();
      else if (why !== undefined) {
        entry.resume();
        if (all.length < limits.files) all.push({ path, left: why });
      } else {
        bytes += size;
        all.push({ path, text: await textOf(entry) });
      }
    }
  } finally {
    archive.destroy();
    await reading.catch(() => {});
  }
  await reading;
  return all.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const MORE = "there are more of them than are read";

function tooLarge(size: number, { fileBytes }: TarFileLimits): string | undefined {
  const megabytes = (count: number) => `${Math.ceil(count / 1024 / 1024)} MB`;
  return size > fileBytes
    ? `it has ${megabytes(size)}, and ${megabytes(fileBytes)} are read at the most`
    : undefined;
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
