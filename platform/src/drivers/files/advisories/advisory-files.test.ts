import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAdvisoryFiles } from "./index.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "advisories-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function read(path = root): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for await (const file of openAdvisoryFiles(path).read(new AbortController().signal))
    all[file.name] = "text" in file ? file.text : `problem: ${file.problem}`;
  return all;
}

interface Zipped {
  readonly name: string;
  readonly content: Buffer;
  readonly method?: number;
  readonly flags?: number;
}

/** A zip archive, byte by byte as APPNOTE.TXT has it; with `zip64` its end says nothing by itself. */
function zipOf(entries: readonly Zipped[], zip64 = false): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 8, flags = 0 } of entries) {
    const packed = method === 8 ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(flags, 8);
    head.writeUInt16LE(method, 10);
    head.writeUInt32LE(packed.length, 20);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), packed);
    central.push(head, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const [record, locator, end] = [Buffer.alloc(56), Buffer.alloc(20), Buffer.alloc(22)];
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(BigInt(directory.length), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + directory.length), 8);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(zip64 ? 0xffffffff : directory.length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  return Buffer.concat([
    ...parts,
    directory,
    ...(zip64 ? [record, locator] : []),
    end,
    Buffer.from("a comment"),
  ]);
}

const file = (name: string, text: string): Zipped => ({ name, content: Buffer.from(text) });

describe("advisories in files", () => {
  it("are read from folders and zip files below, and nothing else is", async () => {
    await mkdir(join(root, "npm"));
    await writeFile(join(root, "npm/A.json"), "a");
    await writeFile(join(root, "README.md"), "no");
    await writeFile(join(root, "go.zip"), zipOf([file("B.json", "b"), file("x.txt", "no")]));
    await symlink("/etc/hostname", join(root, "link.json"));
    expect(await read()).toEqual({ "npm/A.json": "a", "go.zip:B.json": "b" });
  });

  it.each([false, true])("are read from one zip file, packed or not (ZIP64: %s)", async (zip64) => {
    const path = join(root, "all.zip");
    await writeFile(
      path,
      zipOf([file("A.json", "a".repeat(9_999)), { ...file("B.json", "b"), method: 0 }], zip64),
    );
    expect(await read(path)).toEqual({ [`${path}:A.json`]: "a".repeat(9_999), [`${path}:B.json`]: "b" });
  });

  it("that are damaged are told, and the rest is read", async () => {
    const good = zipOf([file("A.json", "a")]);
    await writeFile(join(root, "cut.zip"), good.subarray(0, 20));
    await writeFile(
      join(root, "odd.zip"),
      zipOf([
        { ...file("encrypted.json", "x"), flags: 1 },
        { ...file("odd.json", "x"), method: 99 },
        file("large.json", "x".repeat(9 * 1024 * 1024)),
        file("good.json", "g"),
      ]),
    );
    await writeFile(join(root, "large.json"), Buffer.alloc(9 * 1024 * 1024));
    const all = await read();
    expect(all["odd.zip:good.json"]).toBe("g");
    expect(all["cut.zip"]).toBe("problem: it is no zip archive");
    expect(all["odd.zip:encrypted.json"]).toBe("problem: it is encrypted");
    expect(all["odd.zip:odd.json"]).toMatch(/problem: it is packed by method 99/);
    expect(all["odd.zip:large.json"]).toMatch(/^problem: /);
    expect(all["large.json"]).toMatch(/problem: it has more than/);
  });

  it("have a state that changes with them", async () => {
    const source = openAdvisoryFiles(root);
    await writeFile(join(root, "A.json"), "a");
    const first = await source.state();
    expect(await source.state()).toBe(first);
    await utimes(join(root, "A.json"), 1, 1);
    const second = await source.state();
    await writeFile(join(root, "B.json"), "b");
    expect(new Set([first, second, await source.state()]).size).toBe(3);
  });

  it("that are not there are told with the setting's name", async () => {
    await expect(openAdvisoryFiles(join(root, "none")).state()).rejects.toThrow(/CONIFER_ADVISORIES/);
  });
});
