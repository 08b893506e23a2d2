/** One entry of a tar archive, named as the test likes: no tool would write some of these. */
export interface TarEntry {
  readonly name: string;
  /** The type flag of POSIX ustar: `0` file, `1` hard link, `2` symbolic link, `3` character device. Default `0`. */
  readonly type?: "0" | "1" | "2" | "3";
  readonly link?: string;
  readonly content?: string;
}

const BLOCK = 512;

/** An archive in the ustar format (POSIX.1-1988) with the entries as they are. */
export function tarBytes(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    return [tarHeader(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK - 1))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** The block before an entry's content of so many bytes. */
export function tarHeader({ name, type = "0", link = "" }: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, "0"), at);
  block.write(name, 0, 100);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write(link, 157, 100);
  block.write("ustar\u000000", 257);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block.write("\u0000 ", 154);
  return block;
}
