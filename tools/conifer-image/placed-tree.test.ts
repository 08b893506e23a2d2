import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { entriesBelow } from "./placed-tree.ts";

let source: string;
beforeEach(() => {
  source = mkdtempSync(join(tmpdir(), "placed-"));
  for (const folder of ["a/b", "empty", "out"]) mkdirSync(join(source, folder), { recursive: true });
  writeFileSync(join(source, "z"), "z", { mode: 0o600 });
  writeFileSync(join(source, "a/b/run"), "#!", { mode: 0o700 });
  writeFileSync(join(source, "out/file"), "out");
  writeFileSync(join(source, "a.txt"), "text");
  symlinkSync("../z", join(source, "a/link"));
  chmodSync(join(source, "a"), 0o700);
});
afterEach(() => rmSync(source, { recursive: true, force: true }));

const list = async (wanted = (_path: string) => true) => {
  const entries = await Array.fromAsync(entriesBelow({ source, target: "/opt/it", wanted }));
  return entries.map(({ kind, path, mode }) => `${kind} ${path} ${mode.toString(8)}`);
};

it("gives each folder before its content, by name, with modes of its own", async () => {
  expect(await list()).toEqual([
    "directory /opt 755",
    "directory /opt/it 755",
    "directory /opt/it/a 755",
    "directory /opt/it/a/b 755",
    "file /opt/it/a/b/run 755",
    "symlink /opt/it/a/link 777",
    "file /opt/it/a.txt 644",
    "directory /opt/it/out 755",
    "file /opt/it/out/file 644",
    "file /opt/it/z 644",
  ]);
});

it("leaves out what is not wanted, and folders of which nothing is left", async () => {
  expect(await list((path) => !/^out$|run$|^z$|txt$/.test(path))).toEqual([
    "directory /opt 755",
    "directory /opt/it 755",
    "directory /opt/it/a 755",
    "symlink /opt/it/a/link 777",
  ]);
  expect(await list(() => false)).toEqual(["directory /opt 755"]);
});

it("gives files their content and links their target as it stands", async () => {
  const entries = await Array.fromAsync(entriesBelow({ source, target: "/it", wanted: () => true }));
  const file = entries.find(({ path }) => path === "/it/a.txt");
  if (file?.kind !== "file" || Buffer.isBuffer(file.content)) throw new Error("no file with content");
  expect([file.size, (await buffer(Readable.from(file.content()))).toString()]).toEqual([4, "text"]);
  expect(entries.find(({ path }) => path === "/it/a/link")).toMatchObject({ target: "../z" });
});

it("fails when the folder is not there", async () => {
  const gone = entriesBelow({ source: join(source, "gone"), target: "/it", wanted: () => true });
  await expect(Array.fromAsync(gone)).rejects.toThrow("ENOENT");
});
