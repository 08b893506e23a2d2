import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDescriptor, readToml, table, tables, text, texts, writeToml } from "./toml-files.ts";

let root: string;
const at = (name: string) => join(root, name);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "toml-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("reading a file", () => {
  it("gives nothing where there is none, and where a file stands in the way", async () => {
    await writeFile(at("file"), "");
    expect(await readToml(at("none"))).toBeUndefined();
    expect(await readToml(at("file/none"))).toBeUndefined();
    expect(await readToml(at("file"))).toEqual({});
  });

  it("names the file and the place when it is not TOML", async () => {
    await writeFile(at("bad.toml"), "a = 1\nb = \n");
    await expect(readToml(at("bad.toml"))).rejects.toThrow(`${at("bad.toml")} is not valid TOML: `);
    await mkdir(at("folder.toml"));
    await expect(readToml(at("folder.toml"))).rejects.toThrow("EISDIR");
  });

  it("names file and field when a descriptor holds something else there", async () => {
    await writeFile(at("x.toml"), '[types]\nlaunch = "yes"\n');
    await expect(readDescriptor(at("x.toml"), "layer")).rejects.toThrow(
      new Error(`${at("x.toml")}: types.launch must be true or false`),
    );
    expect(await readDescriptor(at("none.toml"), "layer")).toBeUndefined();
  });
});

describe("writing a file", () => {
  it("makes the folder, replaces what is there, and leaves nothing beside it", async () => {
    await writeToml(at("a/b/x.toml"), { old: true });
    await writeToml(at("a/b/x.toml"), { new: "text" });
    expect(await readFile(at("a/b/x.toml"), "utf8")).toBe('new = "text"\n');
    expect(await readdir(at("a/b"))).toEqual(["x.toml"]);
  });

  it("leaves the old file when the new one cannot be written", async () => {
    await writeToml(at("x.toml"), { old: true });
    await expect(writeToml(at("x.toml"), { bad: 1n << 70n, fine: Symbol("no") })).rejects.toThrow();
    expect(await readToml(at("x.toml"))).toEqual({ old: true });
  });

  it("keeps any metadata that has been through JSON, as labels and caches keep it", async () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.constant(null),
    );
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie("any"), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).any;
    const withoutNulls = (one: unknown): unknown => {
      if (Array.isArray(one)) return one.filter((item) => item !== null).map(withoutNulls);
      if (typeof one !== "object" || one === null) return one;
      const kept = Object.entries(one).filter(([, item]) => item !== null);
      return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]));
    };
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), value, { noNullPrototype: true }), async (metadata) => {
        const kept = JSON.parse(JSON.stringify(metadata)) as object;
        await writeToml(at("x.toml"), { metadata: kept });
        expect((await readToml(at("x.toml")))?.metadata).toEqual(withoutNulls(kept));
      }),
      { numRuns: 200 },
    );
  });
});

it("takes fields of another type as missing", () => {
  const odd = [undefined, null, 1, true, new Date(0)];
  expect(odd.map(text)).toEqual(odd.map(() => ""));
  expect([...odd, "x"].map(texts)).toEqual([[], [], [], [], [], []]);
  expect([...odd, "x", {}].map(tables)).toEqual([[], [], [], [], [], [], []]);
  expect([undefined, null, 1, [], "x"].map(table)).toEqual([{}, {}, {}, {}, {}]);
});
