import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFile,
  chmod,
  chown,
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packLayer } from "./oci.ts";
import { fingerprint, parentEntries, toEntries, walkTree } from "./tree-entries.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tree-"));
  await fill(join(root, "a"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, "b/c"), { recursive: true });
  await mkdir(join(folder, "empty"));
  await writeFile(join(folder, "b/file"), "text");
  await writeFile(join(folder, "b-run"), "#!/bin/sh");
  await chmod(join(folder, "b-run"), 0o755);
  await writeFile(join(folder, "Ä"), "umlaut");
  await writeFile(join(folder, "b/c/large"), Buffer.alloc(5_000_000, "x"));
  await symlink("/anywhere", join(folder, "b/link"));
  await link(join(folder, "b/file"), join(folder, "z-again"));
}

const pack = (folder: string) => buffer(packLayer(toEntries(walkTree(folder)), { uid: 1000, gid: 1000 }));
const digest = async (folder: string) =>
  createHash("sha256")
    .update(await pack(folder))
    .digest("hex");

describe("a layer of a folder", () => {
  it("holds everything, sorted, without times and users of this machine", async () => {
    const entries: string[] = [];
    const tar = extract();
    Readable.from([await pack(join(root, "a"))]).pipe(tar as unknown as NodeJS.WritableStream);
    for await (const entry of tar) {
      const { name, type, mode, linkname, uid, gid, mtime } = entry.header;
      expect({ uid, gid, mtime: mtime.toISOString() }).toEqual({
        uid: 1000,
        gid: 1000,
        mtime: "1980-01-01T00:00:01.000Z",
      });
      entries.push([name.slice(root.length), type, mode.toString(8), linkname ?? ""].join(" ").trim());
      entry.resume();
    }
    expect(entries).toEqual([
      "a/ directory 755",
      "a/b/ directory 755",
      "a/b/c/ directory 755",
      "a/b/c/large file 644",
      "a/b/file file 644",
      "a/b/link symlink 777 /anywhere",
      "a/b-run file 755",
      "a/empty/ directory 755",
      `a/z-again link 644 ${root.slice(1)}/a/b/file`,
      "a/Ä file 644",
    ]);
  });

  it("is the same, byte for byte, for the same files made at another time in another order", async () => {
    const before = await digest(join(root, "a"));
    await rename(join(root, "a"), join(root, "kept"));
    await mkdir(join(root, "a"));
    await writeFile(join(root, "a/Ä"), "umlaut");
    await rm(join(root, "a/Ä"));
    await fill(join(root, "a"));
    await utimes(join(root, "a/b/file"), 1, 1);
    expect(await digest(join(root, "a"))).toBe(before);
  });

  it("lists the folders above a path", () => {
    expect(parentEntries("/layers/x/y").map(({ path }) => path)).toEqual(["/layers", "/layers/x"]);
    expect(parentEntries("/workspace")).toEqual([]);
  });
});

describe("odd names", () => {
  const names = [
    ...[
      "with space",
      "two\nlines",
      "tab\t",
      "-rf",
      "~",
      "$HOME",
      "a*b?",
      "back\\slash",
      "quote'\"",
      "\u0301",
      "日本語",
    ],
    ...["x".repeat(255), "é".repeat(127), ".", ".."].filter((name) => !/^\.+$/.test(name)),
    ...["...", " ", "PaxHeader", "trailing.", "\ufffd"],
  ];

  it("survive packing, in a deep folder, with links to them", async () => {
    const deep = join(root, "b", "n".repeat(120), "m".repeat(90));
    await mkdir(deep, { recursive: true });
    for (const name of names) {
      await writeFile(join(deep, name), name);
      await symlink(name, join(deep, `${name.slice(0, 40)}.link`));
    }
    await link(join(deep, names[0] ?? ""), join(deep, "zz-hard"));
    await writeFile(join(root, "b.tar"), await pack(join(root, "b")));
    const out = join(root, "out");
    await mkdir(out);
    execFileSync("tar", ["-xf", join(root, "b.tar"), "-C", out]);
    const there = join(out, deep);
    expect((await readdir(there)).sort()).toEqual((await readdir(deep)).sort());
    for (const name of names) {
      expect(await readFile(join(there, name), "utf8")).toBe(name);
      expect(await readlink(join(there, `${name.slice(0, 40)}.link`))).toBe(name);
    }
    const [first, again] = [await stat(join(there, names[0] ?? "")), await stat(join(there, "zz-hard"))];
    expect(again.ino).toBe(first.ino);
  });

  it("that are not UTF-8 are refused, in names and in what links lead to", async () => {
    const odd = (name: string) =>
      Buffer.concat([Buffer.from(`${join(root, "a")}/${name}`), Buffer.from([0xff])]);
    await symlink(Buffer.from([0x61, 0xfe]), join(root, "a/leads-astray"));
    await expect(pack(join(root, "a"))).rejects.toThrow('leads-astray" leads to a name that is not UTF-8');
    await rm(join(root, "a/leads-astray"));
    await writeFile(odd("name"), "");
    await expect(pack(join(root, "a"))).rejects.toThrow("is not UTF-8; rename it");
  });

  it("of sockets and pipes are left out", async () => {
    const before = await digest(join(root, "a"));
    execFileSync("/usr/bin/mkfifo", [join(root, "a/pipe")]);
    expect(await digest(join(root, "a"))).toBe(before);
  });
});

describe("reproducible layers (platform.md, Build Reproducibility)", () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9._-]{1,6}$/).filter((one) => one !== "." && one !== "..");
  const files = fc.dictionary(
    name,
    fc.record({ text: fc.string(), mode: fc.constantFrom(0o644, 0o755, 0o4755) }),
    {
      noNullPrototype: true,
      maxKeys: 8,
    },
  );

  it("do not depend on the order of making, on times, or on who owns the files", async () => {
    const ownsAll = process.getuid?.() === 0;
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.nat({ max: 2 ** 31 }),
        fc.nat({ max: 60_000 }),
        async (tree, time, owner) => {
          const digests: string[] = [];
          for (const order of [Object.entries(tree), Object.entries(tree).toReversed()]) {
            const folder = join(root, "tree");
            await mkdir(join(folder, "sub"), { recursive: true });
            for (const [file, { text, mode }] of order)
              for (const path of [join(folder, `f-${file}`), join(folder, "sub", file)]) {
                await writeFile(path, text);
                if (digests.length > 0 && ownsAll) await chown(path, owner, owner);
                await chmod(path, mode);
                if (digests.length > 0) await utimes(path, time, time);
              }
            digests.push(await digest(folder));
            await rm(folder, { recursive: true });
          }
          expect(digests[1]).toBe(digests[0]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("do depend on content, name, mode and kind", async () => {
    const seen = new Set<string>();
    const variants: readonly (readonly [string, string, number])[] = [
      ["a", "x", 0o644],
      ["a", "y", 0o644],
      ["b", "x", 0o644],
      ["a", "x", 0o755],
      ["a", "x\n", 0o644],
    ];
    for (const [file, text, mode] of variants) {
      const folder = join(root, "variant");
      await mkdir(folder);
      await writeFile(join(folder, file), text, { mode });
      seen.add(await digest(folder));
      await rm(folder, { recursive: true });
    }
    expect(seen.size).toBe(variants.length);
  });
});

describe("a fingerprint", () => {
  it("stays the same when the folder is moved", async () => {
    const before = fingerprint(join(root, "a"));
    await rename(join(root, "a"), join(root, "moved"));
    expect(fingerprint(join(root, "moved"))).toBe(before);
  });

  const changes: readonly [string, (folder: string) => Promise<void>][] = [
    ["a file grows", (folder) => appendFile(join(folder, "b/file"), "more")],
    [
      "a file is written anew with its old time",
      async (folder) => {
        await writeFile(join(folder, "b/file"), "TEXT");
        await utimes(join(folder, "b/file"), 1, 1);
      },
    ],
    ["a file appears", (folder) => writeFile(join(folder, "new"), "")],
    ["a file goes", (folder) => rm(join(folder, "b-run"))],
    ["a mode changes", (folder) => chmod(join(folder, "b/file"), 0o600)],
    ["a file is renamed", (folder) => rename(join(folder, "b-run"), join(folder, "c-run"))],
  ];
  it.each(changes)("changes when %s", async (_, change) => {
    const before = fingerprint(join(root, "a"));
    await change(join(root, "a"));
    expect(fingerprint(join(root, "a"))).not.toBe(before);
  });

  it("is not that of a copy", async () => {
    await cp(join(root, "a"), join(root, "copy"), { recursive: true, verbatimSymlinks: true });
    expect(fingerprint(join(root, "copy"))).not.toBe(fingerprint(join(root, "a")));
  });
});
