import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanTar, findSingleDirectory } from "./clean-tar.ts";
import { bytesOf } from "./source-fixtures.ts";
import { entriesOf, streamOf, type TarItem, tarOf } from "./tar-fixtures.ts";
import { DEFAULT_TAR_LIMITS } from "./tar-limits.ts";

const rules = { limits: DEFAULT_TAR_LIMITS, links: "inside" } as const;

async function cleaned(tar: Buffer | Readable): Promise<Buffer> {
  const { tar: output, report } = cleanTar(Buffer.isBuffer(tar) ? streamOf(tar) : tar, rules);
  const [bytes] = await Promise.all([bytesOf(output), report]);
  return bytes;
}

describe("cleanTar", () => {
  it("leaves nothing of owner, time and odd permissions", async () => {
    const tar = await tarOf(
      { name: "dir/", type: "directory", mode: 0o777, uid: 1000, uname: "ann" },
      { name: "dir/run.sh", content: "echo", mode: 0o6777, mtime: new Date(), gid: 7, gname: "staff" },
      { name: "dir/link", type: "symlink", linkname: "run.sh" },
      { name: `dir/${"long".repeat(60)}`, content: "x" },
    );
    const entries = await entriesOf(await cleaned(tar));
    expect(entries.map(({ header }) => [header.name, header.type, header.mode.toString(8)])).toEqual([
      ["dir/", "directory", "755"],
      ["dir/run.sh", "file", "755"],
      ["dir/link", "symlink", "777"],
      [`dir/${"long".repeat(60)}`, "file", "644"],
    ]);
    for (const { header } of entries) {
      expect(header).toMatchObject({
        uid: 0,
        gid: 0,
        uname: "",
        gname: "",
        mtime: new Date("1980-01-01T00:00:01Z"),
      });
    }
    expect(entries[1]?.text).toBe("echo");
  });

  it("gives the same bytes however the input is cut, and for its own output", async () => {
    const large = Buffer.alloc(700_000, "0123456789abcdef");
    const tar = await tarOf(
      { name: "a", content: "1" },
      { name: "large.bin", content: large },
      { name: "z/é", content: "2" },
    );
    const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    const wanted = digest(await cleaned(tar));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 400, max: 200_000 }), async (size) => {
        expect(digest(await cleaned(streamOf(tar, size)))).toBe(wanted);
      }),
      { numRuns: 10 },
    );
    expect(digest(await cleaned(await cleaned(tar)))).toBe(wanted);
    expect((await entriesOf(await cleaned(tar)))[1]?.text).toBe(large.toString());
  });

  it("reports files, bytes and Git LFS pointers", async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 5\n`;
    const tar = await tarOf({ name: "a", content: "12345" }, { name: "b.psd", content: pointer });
    const { tar: output, report } = cleanTar(streamOf(tar), rules);
    output.resume();
    expect(await report).toEqual({ files: 2, bytes: 5 + pointer.length, lfsPointers: ["b.psd"] });
  });

  it.each<[string, () => Promise<Readable>, RegExp]>([
    [
      "a refused entry",
      async () => streamOf(await tarOf({ name: "ok", content: "1" }, { name: "../x", content: "2" })),
      /leads out/,
    ],
    [
      "a cut-off archive",
      async () => streamOf((await tarOf({ name: "a", content: "x".repeat(2000) })).subarray(0, 1000)),
      /cannot be read as a tar archive/,
    ],
    [
      "what is no tar",
      async () => streamOf(Buffer.alloc(4096, "not a tar ")),
      /cannot be read as a tar archive/,
    ],
  ])("fails output and report alike for %s", async (_what, input, message) => {
    const { tar, report } = cleanTar(await input(), rules);
    await expect(bytesOf(tar)).rejects.toThrow(message);
    await expect(report).rejects.toMatchObject({ id: "invalid_params" });
  });

  it("passes the input's own failure on", async () => {
    const input = new Readable({ read() {} });
    const { tar, report } = cleanTar(input, rules);
    input.destroy(new Error("the disk is gone"));
    await expect(bytesOf(tar)).rejects.toThrow("the disk is gone");
    await expect(report).rejects.toThrow("the disk is gone");
  });

  it("fails for its reader too when it failed before anybody read", async () => {
    const { tar, report } = cleanTar(streamOf(await tarOf()), rules);
    await expect(report).rejects.toMatchObject({ id: "invalid_params" });
    await new Promise((resolve) => setImmediate(resolve));
    await expect(bytesOf(tar)).rejects.toMatchObject({ id: "invalid_params" });
  });

  it("stops reading when nobody takes the output any more", async () => {
    const tar = await tarOf({ name: "large", content: Buffer.alloc(4_000_000) });
    const input = streamOf(tar, 1000);
    const { tar: output, report } = cleanTar(input, rules);
    output.destroy();
    await expect(report).rejects.toThrow();
    expect(input.destroyed).toBe(true);
  });
});

describe("findSingleDirectory", () => {
  it.each<[string, readonly TarItem[], string | undefined]>([
    [
      "one directory that holds everything",
      [
        { name: "app-1/", type: "directory" },
        { name: "app-1/a", content: "1" },
      ],
      "app-1",
    ],
    [
      "one directory without an entry of its own",
      [
        { name: "./app-1/a", content: "1" },
        { name: "app-1/b", content: "1" },
      ],
      "app-1",
    ],
    [
      "a file beside it",
      [
        { name: "app-1/a", content: "1" },
        { name: "Procfile", content: "1" },
      ],
      undefined,
    ],
    [
      "two directories",
      [
        { name: "a/x", content: "1" },
        { name: "b/x", content: "1" },
      ],
      undefined,
    ],
    ["one file", [{ name: "index.html", content: "1" }], undefined],
    ["the root alone", [{ name: "./", type: "directory" }], undefined],
    ["a link as the only entry", [{ name: "app", type: "symlink", linkname: "x" }], undefined],
  ])("%s", async (_what, items, wanted) => {
    expect(await findSingleDirectory(streamOf(await tarOf(...items)), DEFAULT_TAR_LIMITS)).toBe(wanted);
  });
});
