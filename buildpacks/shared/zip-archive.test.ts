import { writeFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, runProgram } from "./buildpack-fixtures.ts";
import { readZip, type ZipFile } from "./zip-archive.ts";
import { makeZip, type ZipMember } from "./zip-fixtures.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let count = 0;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

async function read(bytes: Buffer): Promise<readonly ZipFile[]> {
  const file = path.join(folder.at, `${count++}.zip`);
  await writeFile(file, bytes);
  return Array.fromAsync(readZip(file));
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-zé]{1,8}(\/[a-z_.]{1,6}x){0,3}$/), { maxLength: 12 });

describe("the files of a zip archive", () => {
  it("are those that were put in, stored or deflated, with a comment or none", () =>
    fc.assert(
      fc.asyncProperty(
        names.chain((all) =>
          fc.tuple(
            ...all.map((name) =>
              fc.record({
                name: fc.constant(name),
                content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
                stored: fc.boolean(),
                mode: fc.constantFrom(0o644, 0o755),
              }),
            ),
          ),
        ),
        fc.stringMatching(/^[a-z ]{0,40}$/),
        async (members, comment) => {
          const found = await read(makeZip(members, comment));
          expect(found).toEqual(members.map(({ name, content, mode }) => ({ name, content, mode })));
        },
      ),
      { numRuns: 40 },
    ));

  it("do not count folders", async () => {
    const found = await read(
      makeZip([
        { name: "a/", content: "" },
        { name: "a/b", content: "x" },
      ]),
    );
    expect(found.map(({ name }) => name)).toEqual(["a/b"]);
  });

  it("of an archive by another program are read too", async ({ skip }) => {
    const file = path.join(folder.at, "other.zip");
    const line = `import zipfile; z = zipfile.ZipFile('${file}', 'w', 8); z.writestr('a/b.txt', 'x' * 5000); z.close()`;
    const made = await runProgram("python3", ["-c", line], { cwd: "/", env: process.env }).catch(
      () => undefined,
    );
    if (made?.code !== 0) skip("there is no Python on this machine to write one");
    const [found] = await Array.fromAsync(readZip(file));
    expect([found?.name, found?.content.toString()]).toEqual(["a/b.txt", "x".repeat(5000)]);
  });
});

describe("an archive is refused", () => {
  const good: ZipMember = { name: "a", content: "content" };
  it.each<[string, Buffer, RegExp]>([
    ["that is empty", Buffer.alloc(0), /no zip/],
    ["that is none", Buffer.from("<html>".repeat(100)), /no zip/],
    ["that was cut off", makeZip([good]).subarray(0, 40), /no zip/],
    ["whose directory is beyond it", makeZip([good]).subarray(20), /no zip|damaged|cut off/],
    ["with a path out of it", makeZip([{ ...good, name: "a/../../b" }]), /not below its top/],
    ["with an absolute path", makeZip([{ ...good, name: "/etc/passwd" }]), /not below its top/],
    ["with a path of another system", makeZip([{ ...good, name: "a\\b" }]), /not below its top/],
    ["with a file twice", makeZip([good, good]), /holds "a" twice/],
    ["with a changed file", makeZip([{ ...good, claims: { crc: 1 } }]), /"a" is damaged/],
    ["with a longer file than it says", makeZip([{ ...good, claims: { size: 3 } }]), /"a" is damaged/],
    ["with a shorter file than it says", makeZip([{ ...good, claims: { size: 30 } }]), /"a" is damaged/],
    ["that is encrypted", makeZip([{ ...good, claims: { flags: 1 } }]), /encrypted/],
    ["packed in another way", makeZip([{ ...good, claims: { method: 12 } }]), /"a" is damaged/],
    ["with a file of a gigabyte", makeZip([{ ...good, claims: { size: 2 ** 30 } }]), /too large/],
    [
      "with too much in all",
      makeZip([..."abcdefghij"].map((name) => ({ ...good, name, claims: { size: 250_000_000 } }))),
      /holds too much/,
    ],
  ])("%s", async (_name, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });
});
