import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutSource } from "./cut-source.ts";
import { bytesOf } from "./source-fixtures.ts";
import { fakeSourceStore } from "./source-store-fake.ts";
import { storeSource } from "./store-source.ts";
import { entriesOf, streamOf, type TarItem, tarOf } from "./tar-fixtures.ts";

async function storeOf(...items: readonly TarItem[]) {
  const sources = fakeSourceStore();
  const { digest } = await storeSource(streamOf(await tarOf(...items)), { sources, links: "any" });
  return { sources, digest };
}

async function namesIn(sources: ReturnType<typeof fakeSourceStore>, digest: string) {
  return (await entriesOf(await bytesOf(await sources.read(digest)))).map(({ header }) => header.name);
}

describe("a folder of a source", () => {
  it("becomes a source of its own, from its own top", async () => {
    const { sources, digest } = await storeOf(
      { name: "package.json", content: "{}" },
      { name: "packages/", type: "directory" },
      { name: "packages/web/", type: "directory" },
      { name: "packages/web/index.js", content: "1" },
      { name: "packages/web/bin/run", content: "2", mode: 0o755 },
      { name: "packages/web/up", type: "symlink", linkname: "../../package.json" },
      { name: "packages/website/index.js", content: "3" },
      { name: "packages/web.txt", content: "4" },
    );
    const cut = await cutSource(digest, "packages/web", sources);
    const entries = await entriesOf(await bytesOf(await sources.read(cut.digest)));
    expect(entries.map(({ header, text }) => [header.name, header.type, header.mode, text])).toEqual([
      ["index.js", "file", 0o644, "1"],
      ["bin/run", "file", 0o755, "2"],
      ["up", "symlink", 0o777, ""],
    ]);
  });

  it("has the same digest whatever changes beside it, and as if it had been a source alone", async () => {
    const name = fc.constantFrom("a", "b", "c/d", "web2/e", "we", "web.js");
    const others = fc.dictionary(name, fc.string({ maxLength: 20 }));
    const inside = { name: "web/index.js", content: "serve()" };
    const alone = await storeOf({ name: "index.js", content: "serve()" });
    await fc.assert(
      fc.asyncProperty(others, async (beside) => {
        const items = Object.entries(beside).map(([path, content]) => ({ name: path, content }));
        const { sources, digest } = await storeOf(...items, inside);
        expect((await cutSource(digest, "web", sources)).digest).toBe(alone.digest);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps hard links between its own files", async () => {
    const { sources, digest } = await storeOf(
      { name: "web/a", content: "1" },
      { name: "web/b", type: "link", linkname: "web/a" },
    );
    expect(await namesIn(sources, (await cutSource(digest, "web", sources)).digest)).toEqual(["a", "b"]);
  });

  it.each(["nowhere", "web/index.js/x", "packages/web/index.js"])("has to hold files: %s", async (folder) => {
    const { sources, digest } = await storeOf(
      { name: "web/index.js", content: "1" },
      { name: "packages/web/index.js", content: "1" },
    );
    const kept = sources.kept.size;
    await expect(cutSource(digest, folder, sources)).rejects.toMatchObject({
      id: "invalid_params",
      message: expect.stringContaining(`There are no files in ${folder}`),
    });
    expect(sources.kept.size).toBe(kept);
  });

  it("of a source that is gone cannot be had", async () => {
    await expect(cutSource("sha256:none", "web", fakeSourceStore())).rejects.toMatchObject({
      id: "not_found",
    });
  });

  it("refuses a hard link to a file beside it, and says which", async () => {
    const { sources, digest } = await storeOf(
      { name: "a", content: "1" },
      { name: "web/b", type: "link", linkname: "a" },
    );
    await expect(cutSource(digest, "web", sources)).rejects.toMatchObject({ id: "invalid_params" });
  });
});
