import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import { LAYER_TIME, type LayerEntry, packLayer } from "./layer-tar.ts";

const OWNER = { uid: 1000, gid: 1000 };
const file = (path: string, text: string, mode = 0o644): LayerEntry => {
  const content = Buffer.from(text);
  return { kind: "file", path, mode, content, size: content.length };
};

async function unpack(tar: Buffer): Promise<{ name: string; type: string; text: string; mtime: Date }[]> {
  const reader = extract();
  Readable.from([tar]).pipe(reader as unknown as NodeJS.WritableStream);
  const found = [];
  for await (const entry of reader) {
    const { name, type, mtime, linkname } = entry.header;
    const text = linkname || (await buffer(entry as unknown as AsyncIterable<Buffer>)).toString();
    entry.resume();
    found.push({ name, type, text, mtime });
  }
  return found;
}

describe("a packed layer", () => {
  it("holds its entries in their order, with relative paths and one time", async () => {
    const streamed: LayerEntry = {
      ...{ kind: "file", path: "/a/streamed", mode: 0o600, size: 200_000 },
      content: () => Readable.from([Buffer.alloc(100_000, "x"), Buffer.alloc(100_000, "y")]),
    };
    const tar = await buffer(
      packLayer(
        [
          { kind: "directory", path: "/a", mode: 0o755 },
          file("/a/file", "text"),
          { kind: "symlink", path: "/a/link", mode: 0o777, target: "/elsewhere" },
          { kind: "link", path: "/a/again", mode: 0o644, target: "/a/file" },
          streamed,
          file("/a/empty", ""),
        ],
        OWNER,
      ),
    );
    const found = await unpack(tar);
    expect(found.map(({ name, type, text }) => [name, type, text.length > 20 ? text.length : text])).toEqual([
      ["a/", "directory", ""],
      ["a/file", "file", "text"],
      ["a/link", "symlink", "/elsewhere"],
      ["a/again", "link", "a/file"],
      ["a/streamed", "file", 200_000],
      ["a/empty", "file", ""],
    ]);
    expect(found.every(({ mtime }) => mtime.getTime() === LAYER_TIME.getTime())).toBe(true);
  });

  it("takes names of any length and script", async () => {
    const names = [`/${"long/".repeat(60)}file`, "/ümläut/日本語", `/${"n".repeat(200)}`];
    const found = await unpack(
      await buffer(
        packLayer(
          names.map((name) => file(name, "x")),
          OWNER,
        ),
      ),
    );
    expect(found.map(({ name }) => `/${name}`)).toEqual(names);
  });

  it("is the same, byte for byte, each time, for any entries", async () => {
    const entry = fc
      .tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), fc.constantFrom(0o644, 0o755))
      .map(([name, text, mode]) => file(`/${name}`, text, mode));
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (entries) => {
        const [one, two] = [await buffer(packLayer(entries, OWNER)), await buffer(packLayer(entries, OWNER))];
        expect(one.equals(two)).toBe(true);
        expect(one.length % 512).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("fails as its entries do", async () => {
    const entries = (async function* (): AsyncGenerator<LayerEntry> {
      yield file("/a", "x");
      throw new Error("the disk is gone");
    })();
    await expect(buffer(packLayer(entries, OWNER))).rejects.toThrow("the disk is gone");
    const broken: LayerEntry = {
      ...{ kind: "file", path: "/b", mode: 0o644, size: 10 },
      content: () => Readable.from([Buffer.from("short")]),
    };
    await expect(buffer(packLayer([broken], OWNER))).rejects.toThrow(/[Ss]ize/);
  });
});
