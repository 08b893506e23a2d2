import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { splitName } from "./archive-form.ts";
import { ArchiveDamaged, type ArchiveWriter, createArchive, readArchive } from "./index.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-archive-"));
  file = join(folder, "a.backup");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

async function write(files: Files, details: unknown = {}): Promise<ArchiveWriter> {
  const writer = await createArchive(file, { first: true });
  for (const [name, text] of Object.entries(files)) await add(writer, name, text);
  await writer.finish(details);
  return writer;
}

async function add(writer: ArchiveWriter, name: string, text: string): Promise<string> {
  const [section = "", ...rest] = name.split("/");
  const bytes = Buffer.from(text);
  return await writer.add({ section, path: rest.join("/"), size: bytes.length, content: [bytes] });
}

async function read(path = file, { reads = true } = {}) {
  const found: Record<string, string> = {};
  let head: unknown;
  const manifest = await readArchive(path, {
    head: (value) => {
      head = value;
    },
    expects: (section) => section !== "unwanted",
    file: async ({ section, path: name, content }) => {
      found[`${section}/${name}`] = reads ? (await buffer(content)).toString() : "";
    },
  });
  return { head, found, manifest };
}

const FILES = { "a/one": "1", "a/two/three": "", "b/large": "x".repeat(700_000) };

describe("what was written", () => {
  test("is read again: head, files, sums and details", async () => {
    await write(FILES, { rows: 7 });
    const { head, found, manifest } = await read();
    expect([head, found]).toEqual([{ first: true }, FILES]);
    expect(manifest.details).toEqual({ rows: 7 });
    expect(manifest.sections).toMatchObject({ a: { files: 2, bytes: 1 }, b: { files: 1, bytes: 700_000 } });
  });

  test("whatever it holds", async () => {
    const name = fc.stringMatching(/^[a-z]{1,5}\/[a-zA-Z0-9_][a-zA-Z0-9._-]{0,120}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.string({ unit: "binary", maxLength: 2_000 })),
        async (files) => {
          await write(files);
          expect((await read()).found).toEqual({ ...files });
          rmSync(file);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("is checked also where nobody reads a file", async () => {
    await write(FILES);
    expect((await read(file, { reads: false })).manifest.sections.b?.bytes).toBe(700_000);
  });

  test("is for this user only, under its name when it is whole, and beside nothing", async () => {
    const writer = await createArchive(file, {});
    await add(writer, "a/one", "1");
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.conifer-backup~.*\.part$/)]);
    await writer.finish({});
    expect(readdirSync(folder)).toEqual(["a.backup"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await writer.abandon();
    expect(readdirSync(folder)).toEqual(["a.backup"]);
  });
});

describe("what cannot be written", () => {
  test("leaves nothing when it is given up", async () => {
    const writer = await createArchive(file, {});
    await add(writer, "a/one", "x".repeat(300_000));
    await writer.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("takes no name that is taken, also not one that was taken meanwhile", async () => {
    const writer = await createArchive(file, {});
    writeFileSync(file, "mine");
    await expect(writer.finish({})).rejects.toThrow(/is there already. Choose another name/);
    await writer.abandon();
    await expect(createArchive(file, {})).rejects.toThrow(/is there already/);
    expect([readdirSync(folder), readFileSync(file, "utf8")]).toEqual([["a.backup"], "mine"]);
  });

  test("needs its folder", async () => {
    await expect(createArchive(join(folder, "none/a.backup"), {})).rejects.toThrow(/Make it first/);
  });

  test("a file whose reading fails ends it with that failure", async () => {
    const writer = await createArchive(file, {});
    const content = (async function* () {
      yield Buffer.from("1");
      throw new Error("the disk cannot be read");
    })();
    await expect(writer.add({ section: "a", path: "one", size: 2, content })).rejects.toThrow(
      /cannot be read/,
    );
    await writer.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a name that no reader would take is a mistake", async () => {
    const writer = await createArchive(file, {});
    await expect(add(writer, "a/../b", "")).rejects.toThrow(/cannot be a name/);
    await writer.abandon();
  });

  test("what a writer that was killed left is removed by the next, and only that", async () => {
    const other = join(folder, ".conifer-backup~elsewhere~1~1.part");
    const mine = join(folder, `.conifer-backup~${hostname()}~${process.pid}~1.part`);
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const began = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    const alive = join(folder, `.conifer-backup~${hostname()}~${child.pid}~${began}.part`);
    for (const path of [other, mine, alive]) writeFileSync(path, "half");
    await write({});
    expect(readdirSync(folder).sort()).toEqual(
      [alive, other, file].map((path) => path.slice(folder.length + 1)).sort(),
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    rmSync(file);
    await write({});
    expect(readdirSync(folder).sort()).toEqual([".conifer-backup~elsewhere~1~1.part", "a.backup"]);
  });
});

describe("what is not as it was written is refused", () => {
  const alter = (change: (bytes: Buffer) => Buffer) => writeFileSync(file, change(readFileSync(file)));

  test("any byte of it, unless nothing of what it holds depends on it", async () => {
    await write({ "a/one": "some text", "b/two": "and more" });
    const { length } = readFileSync(file);
    const whole = await read();
    let refused = 0;
    for (let at = 0; at < length; at += 7) {
      alter((bytes) => bytes.with(at, (bytes[at] ?? 0) ^ 0x5a) as Buffer);
      const outcome = await read().catch((thrown) => thrown);
      if (outcome instanceof Error) refused += 1;
      else expect(outcome, `byte ${at}`).toEqual(whole);
      alter((bytes) => bytes.with(at, (bytes[at] ?? 0) ^ 0x5a) as Buffer);
    }
    expect(refused).toBeGreaterThan(length / 7 / 2);
  });

  test("cut off anywhere, unless nothing but the packing's own end is gone", async () => {
    await write(FILES);
    const whole = readFileSync(file);
    for (const length of [
      0,
      1,
      20,
      whole.length >> 1,
      whole.length - 101,
      whole.length - 40,
      whole.length - 1,
    ]) {
      writeFileSync(file, whole.subarray(0, length));
      const outcome = await read().catch((thrown) => thrown);
      if (outcome instanceof Error) expect(outcome, `${length} bytes`).toBeInstanceOf(ArchiveDamaged);
      else expect(outcome.found, `${length} bytes`).toEqual(FILES);
      if (length < whole.length - 100) expect(outcome, `${length} bytes`).toBeInstanceOf(ArchiveDamaged);
    }
  });

  test("cut off where a file ends, and packed anew", async () => {
    await write(FILES);
    alter((bytes) => zstdCompressSync(zstdDecompressSync(bytes).subarray(0, 2_048)));
    await expect(read()).rejects.toThrow(/ends before its manifest: it was cut off/);
  });

  test("content that was changed, and packed anew", async () => {
    await write({ "a/one": "some text" });
    alter((bytes) => {
      const tar = zstdDecompressSync(bytes);
      tar.write("other", tar.indexOf("some text"));
      return zstdCompressSync(tar);
    });
    await expect(read()).rejects.toThrow(/what is in a is not what was written/);
  });

  test("what is no archive at all", async () => {
    writeFileSync(file, "hello, I am a text\n".repeat(100));
    await expect(read()).rejects.toThrow(ArchiveDamaged);
    await expect(read(join(folder, "none"))).rejects.toThrow(/ENOENT/);
  });
});

describe("what somebody else made", () => {
  const empty = { sections: {}, details: {} };
  async function make(
    entries: readonly (readonly [Header | { name: string }, string])[],
    { manifest }: { readonly manifest: unknown } = { manifest: empty },
  ) {
    const tar = pack();
    tar.entry({ name: "head.json" }, "{}");
    for (const [header, text] of entries) tar.entry(header as Header, text);
    if (manifest !== undefined) tar.entry({ name: "manifest.json" }, JSON.stringify(manifest));
    tar.finalize();
    const bytes = await buffer(tar as unknown as NodeJS.ReadableStream);
    writeFileSync(file, zstdCompressSync(bytes));
  }

  test.each([
    [
      "a link",
      { name: "a/one", type: "symlink", linkname: "/etc/passwd" },
      /is a symlink; a backup has files only/,
    ],
    ["a hard link", { name: "a/one", type: "link", linkname: "a/two" }, /is a link/],
    [
      "a device",
      { name: "a/one", type: "character-device", devmajor: 1, devminor: 3 },
      /is a character-device/,
    ],
    ["a pipe", { name: "a/one", type: "fifo" }, /is a fifo/],
    ["a folder", { name: "a/one/", type: "directory" }, /is a directory/],
  ] as const)("%s is refused", async (_what, header, message) => {
    await make([[header as unknown as Header, ""]]);
    await expect(read()).rejects.toThrow(message);
  });

  test.each([
    "../one",
    "a/../../one",
    "/etc/passwd",
    "a//one",
    "a/.hidden",
    "one",
    "a/b\0c",
    "a/-rf",
    "unwanted/one",
  ])("the name %j is refused", async (name) => {
    await make([[{ name }, "text"]]);
    await expect(read()).rejects.toThrow(ArchiveDamaged);
  });

  test("files that its manifest does not count are refused, and those that it counts and has not", async () => {
    await make([[{ name: "a/one" }, "text"]]);
    await expect(read()).rejects.toThrow(/a has 1 files; 0 were written/);
    await make([], { manifest: { sections: { a: { files: 1, bytes: 4, digest: "x" } } } });
    await expect(read()).rejects.toThrow(/a has 0 files; 1 were written/);
  });

  test.each([
    ["no manifest", undefined, /ends before its manifest/],
    ["one without sums", {}, /holds no sums/],
    ["one that is null", null, /holds no sums/],
  ])("%s is refused", async (_what, manifest, message) => {
    await make([], { manifest });
    await expect(read()).rejects.toThrow(message);
  });

  test("what does not begin with a head is refused, and so is what follows the manifest", async () => {
    const tar = pack();
    tar.entry({ name: "a/one" }, "text");
    tar.finalize();
    writeFileSync(file, zstdCompressSync(await buffer(tar as unknown as NodeJS.ReadableStream)));
    await expect(read()).rejects.toThrow(/begins with "a\/one"/);
    await make([[{ name: "manifest.json" }, JSON.stringify(empty)]]);
    await expect(read()).rejects.toThrow(/more behind its manifest/);
  });

  test("headers that never end do not fill the memory", async () => {
    const header = Buffer.alloc(512);
    header.write("PaxHeader/x");
    header.write("0000644\x000000000\x000000000\x0077777777777\x0000000000000\0        x", 100, "latin1");
    header.write("ustar\x0000", 257, "latin1");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    writeFileSync(file, zstdCompressSync(Buffer.concat([header, Buffer.alloc(80 * 1024 * 1024)])));
    await expect(read()).rejects.toThrow(/Header exceeds max size/);
  });
});

test.each([
  ["a/b", { section: "a", path: "b" }],
  ["logs/x/1.zst", { section: "logs", path: "x/1.zst" }],
  ["a", undefined],
  ["a/..", undefined],
  ["a/b/", undefined],
  [`a/${"b/".repeat(12)}c`, undefined],
  [`a/${"b".repeat(256)}`, undefined],
])("the name %j is split", (name, wanted) => {
  expect(splitName(name)).toEqual(wanted);
});
