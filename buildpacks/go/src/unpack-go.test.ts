import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../../shared/buildpack-fixtures.ts";
import { makeZip } from "../../shared/zip-fixtures.ts";
import { makeModuleHash } from "./module-hash.ts";
import { toolchainZip } from "./toolchain-fixtures.ts";
import { isDispensable, unpackGo } from "./unpack-go.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let count = 0;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

async function unpack(bytes: Buffer, { hash, top }: { hash: string; top: string }, signal?: AbortSignal) {
  const file = path.join(folder.at, `${++count}.zip`);
  await writeFile(file, bytes);
  const context = { env: {}, signal: signal ?? new AbortController().signal };
  return unpackGo(context, { kind: "module", file, hash, top }, path.join(folder.at, `${count}`));
}

describe("a module's zip is refused", () => {
  const good = toolchainZip("1.25.1");

  it("with another hash", async () => {
    await expect(unpack(good.bytes, { ...good, hash: "h1:other" })).rejects.toThrow(
      `hashes to ${good.hash}, not to h1:other`,
    );
  });

  it("with a file that is not the module's", async () => {
    const hash = makeModuleHash();
    hash.add("elsewhere/file", Buffer.from("x"));
    const bytes = makeZip([{ name: "elsewhere/file", content: "x" }]);
    await expect(unpack(bytes, { hash: hash.digest(), top: good.top })).rejects.toThrow(
      "no file of the module",
    );
  });

  it("once the build is stopped", async () => {
    await expect(unpack(good.bytes, good, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});

it.each([
  ["bin/go", false],
  ["src/testing/testing.go", false],
  ["src/testing/testing_test.go", true],
  ["src/go/build/testdata/x/y.go", true],
  ["test/fixedbugs/x.go", true],
  ["api/go1.txt", true],
  ["lib/time/zoneinfo.zip", false],
])("%s is dispensable: %s", (name, expected) => {
  expect(isDispensable(name)).toBe(expected);
});
