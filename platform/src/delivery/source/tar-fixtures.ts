import { Readable } from "node:stream";
import { extract, type Header, pack } from "tar-stream";
import { bytesOf } from "./source-fixtures.ts";

export type TarItem = Partial<Header> & { readonly name: string; readonly content?: string | Buffer };

/** A tar with these entries, in this order. */
export async function tarOf(...items: readonly TarItem[]): Promise<Buffer> {
  const output = pack();
  for (const { content, ...header } of items) {
    if (content === undefined) output.entry({ type: "file", ...header });
    else output.entry({ type: "file", ...header }, content);
  }
  output.finalize();
  return await bytesOf(Readable.from(output as unknown as AsyncIterable<Buffer>));
}

/** What a tar holds, with file contents as text. */
export async function entriesOf(tar: Readable | Buffer) {
  const found: { header: Header; text: string }[] = [];
  const reader = extract();
  const input = Buffer.isBuffer(tar) ? streamOf(tar) : tar;
  input.once("error", (error) => reader.destroy(error));
  input.pipe(reader as unknown as NodeJS.WritableStream);
  for await (const entry of reader) {
    found.push({ header: entry.header, text: (await bytesOf(entry as unknown as Readable)).toString() });
  }
  return found;
}

/** The content in pieces of `size` bytes. */
export function streamOf(content: Buffer, size = 65_536): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += size) pieces.push(content.subarray(at, at + size));
  return Readable.from(pieces, { objectMode: false });
}
