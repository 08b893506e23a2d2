import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type TarItem, tarOf } from "../source/tar-fixtures.ts";
import { readTarFiles } from "./read-tar-files.ts";

const LIMITS = { fileBytes: 10, totalBytes: 15, files: 3 };
const isWanted = (path: string) => path.endsWith(".lock");
const read = async (...items: readonly TarItem[]) =>
  await readTarFiles(Readable.from([await tarOf(...items)]), isWanted, LIMITS);

describe("files of a tar", () => {
  it("that are wanted are read, in the order of their paths", async () => {
    const files = await read(
      { name: "./b.lock", content: "b" },
      { name: "x", content: "no" },
      { name: "a.lock", content: "a" },
      { name: "c.lock", type: "symlink", linkname: "a.lock" },
      { name: "d.lock/", type: "directory" },
    );
    expect(files).toEqual([
      { path: "a.lock", text: "a" },
      { path: "b.lock", text: "b" },
    ]);
  });

  it("that are too large, or too much together, are told and passed over", async () => {
    const files = await read(
      { name: "a.lock", content: "0123456789a" },
      { name: "b.lock", content: "01234567" },
      { name: "c.lock", content: "01234567" },
      { name: "d.lock", content: "x" },
    );
    expect(files).toEqual([
      { path: "a.lock", left: "it has 1 MB, and 1 MB are read at the most" },
      { path: "b.lock", text: "01234567" },
      { path: "c.lock", left: "there are more of them than are read" },
    ]);
  });

  it("cannot be had of what breaks off", async () => {
    const tar = await tarOf({ name: "a.lock", content: "0123456789" }, { name: "b.lock", content: "b" });
    await expect(readTarFiles(Readable.from([tar.subarray(0, 700)]), isWanted, LIMITS)).rejects.toThrow();
    const broken = Readable.from(
      (async function* () {
        yield tar.subarray(0, 600);
        throw new Error("the store went away");
      })(),
    );
    await expect(readTarFiles(broken, isWanted, LIMITS)).rejects.toThrow("the store went away");
  });
});
