import { createHash, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeArchiveStore, fakeSourceStore } from "./source-store-fake.ts";
import { parseChecksum, storeArchive } from "./store-archive.ts";
import { entriesOf, streamOf, tarOf } from "./tar-fixtures.ts";
import type { TarLimits } from "./tar-limits.ts";

let archives: ReturnType<typeof fakeArchiveStore>;
let sources: ReturnType<typeof fakeSourceStore>;
beforeEach(() => {
  archives = fakeArchiveStore();
  sources = fakeSourceStore();
});

async function store(
  archive: Buffer,
  options: { checksum?: string; limits?: Partial<TarLimits>; piece?: number } = {},
) {
  const id = randomUUID();
  await archives.write(id, streamOf(archive, options.piece));
  return await storeArchive(id, options.checksum, { archives, sources, limits: options.limits });
}

async function namesOf(digest: string): Promise<string[]> {
  return (await entriesOf(await sources.read(digest))).map(({ header }) => header.name);
}

const app = () => tarOf({ name: "index.js", content: "1" }, { name: "package.json", content: "{}" });

describe("storeArchive", () => {
  it("takes gzip and plain tar, and both are the same source", async () => {
    const plain = await store(await app());
    const gzip = await store(gzipSync(await app()));
    expect(gzip).toEqual(plain);
    expect(await namesOf(gzip.digest)).toEqual(["index.js", "package.json"]);
  });

  it("takes off the directory that holds everything", async () => {
    const wrapped = await tarOf(
      { name: "app-3f2a/", type: "directory" },
      { name: "app-3f2a/index.js", content: "1" },
      { name: "app-3f2a/package.json", content: "{}" },
    );
    expect((await store(gzipSync(wrapped))).digest).toBe((await store(await app())).digest);
  });

  it("takes a checksum of the archive as it was sent", async () => {
    const archive = gzipSync(await app());
    const hex = createHash("sha256").update(archive).digest("hex");
    await store(archive, { checksum: `SHA256:${hex}` });
    await store(archive, { checksum: `sha256:${hex.toUpperCase()}` });
    await expect(store(archive, { checksum: `SHA256:${"0".repeat(64)}` })).rejects.toThrow(
      /checksum does not match.*the archive has SHA256:/,
    );
  });

  it("warns of Git LFS pointers, at most five by name", async () => {
    const content = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 5\n`;
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const { warnings } = await store(await tarOf(...names.map((name) => ({ name, content }))));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^7 files are Git LFS pointers[\s\S]* {2}e\n {2}and 2 more/);
  });
});

describe("what is refused, with nothing kept", () => {
  const bomb = () => gzipSync(Buffer.alloc(200 * 1024 * 1024));
  it.each<[string, () => Promise<Buffer> | Buffer, RegExp, Partial<TarLimits>?]>([
    ["nothing at all", () => Buffer.alloc(0), /no files|cannot be read/],
    ["an empty tar", () => tarOf(), /no files/],
    ["only directories", () => tarOf({ name: "a/", type: "directory" }), /no files/],
    ["a zip archive", () => Buffer.from("504b030414000000", "hex"), /is a zip archive/],
    ["xz", () => Buffer.from("fd377a585a0000", "hex"), /compressed with xz/],
    ["text", () => Buffer.from("<html>404</html>".repeat(100)), /cannot be read as a tar archive/],
    ["cut-off gzip", async () => gzipSync(await app()).subarray(0, 60), /gzip file is damaged or cut off/],
    ["altered gzip", async () => altered(gzipSync(await app())), /damaged|cannot be read/],
    ["a path that climbs", () => tarOf({ name: "a/../../b", content: "1" }), /leads out of the archive/],
    [
      "a link that leads out",
      () => tarOf({ name: "a", content: "1" }, { name: "l", type: "symlink", linkname: "/etc" }),
      /points out/,
    ],
    ["a gzip bomb", bomb, /more than 250 times its size/],
    [
      "more than the limit",
      () => tarOf({ name: "a", content: "12345" }),
      /unpacks to more than 4 bytes/,
      { maxTotalBytes: 4, maxFileBytes: 9 },
    ],
    [
      "endless padding",
      () => gzipSync(Buffer.alloc(100_000)),
      /unpacks to more than/,
      { maxTotalBytes: 10, maxEntries: 1 },
    ],
  ])("%s", async (_what, archive, message, limits) => {
    await expect(store(await archive(), { limits: limits ?? {} })).rejects.toThrow(message);
    expect(sources.kept.size).toBe(0);
  });
});

it("reads a gzip archive that arrives byte by byte", async () => {
  const { digest } = await store(gzipSync(await app()), { piece: 1 });
  expect(await namesOf(digest)).toEqual(["index.js", "package.json"]);
});

it.each(["", "abc", "MD5:abc", `SHA256:${"g".repeat(64)}`, `SHA256:${"0".repeat(63)}`])(
  "refuses the checksum %j",
  (text) => {
    expect(() => parseChecksum(text)).toThrow("must have the form SHA256:");
  },
);

function altered(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 20; i < copy.length - 8; i += 1) copy[i] = (copy[i] ?? 0) ^ 0xff;
  return copy;
}
