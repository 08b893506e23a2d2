import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { digestOf } from "../../../delivery/image/index.ts";
import { packingOf, readPlainLayer } from "./layer-content.ts";

const PLAIN = Buffer.from("a layer's tar, ".repeat(10_000));
const wanted = { diffId: digestOf(PLAIN), limitBytes: 1_000_000 };

async function* inParts(bytes: Buffer, size = 1_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(content: AsyncIterable<Buffer>, over = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of readPlainLayer(content, { ...wanted, ...over })) parts.push(part);
  return Buffer.concat(parts);
}

describe("a layer's content", () => {
  it.each([
    ["plain", PLAIN],
    ["gzip", gzipSync(PLAIN)],
    ["zstd", zstdCompressSync(PLAIN)],
  ])("is the same when it comes as %s", async (_, bytes) => {
    expect((await read(inParts(bytes))).equals(PLAIN)).toBe(true);
  });

  it("must be what the image's config says", async () => {
    await expect(read(inParts(gzipSync("something else")))).rejects.toThrow("unpacks to something else");
    await expect(read(inParts(Buffer.alloc(0)))).rejects.toThrow("unpacks to something else");
  });

  it("is not read beyond its limit, however small it comes", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await expect(read(inParts(bomb))).rejects.toThrow("unpacks to more than 1000000 bytes");
  });

  it("that is cut off, or breaks off, is an error", async () => {
    await expect(read(inParts(gzipSync(PLAIN).subarray(0, 300)))).rejects.toThrow(/unexpected end/);
    const broken = async function* () {
      yield gzipSync(PLAIN).subarray(0, 100);
      throw new Error("the registry went away");
    };
    await expect(read(broken())).rejects.toThrow("the registry went away");
  });
});

test.each([
  [[0x1f, 0x8b, 8], "gzip"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
  [[0x28, 0xb5], "none"],
  [[], "none"],
])("content that begins with %j is packed as %s", (head, packing) => {
  expect(packingOf(Buffer.from(head))).toBe(packing);
});
