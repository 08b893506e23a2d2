import { randomBytes } from "node:crypto";
import { stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../../shared/buildpack-fixtures.ts";
import { chooseEncoding, makeKeptFiles } from "./kept-files.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function file(name: string, content: string | Buffer) {
  const at = path.join(folder.at, name);
  await writeFile(at, content);
  const { size, mtimeMs } = await stat(at);
  return { path: at, size, modified: mtimeMs };
}

describe("files that are kept", () => {
  it("have forms for clients that take them", async () => {
    const text = "body { color: green }\n".repeat(100);
    const { type, bodies } = await makeKeptFiles()(await file("a.css", text));
    expect(type).toBe("text/css; charset=utf-8");
    expect(String(bodies.identity)).toBe(text);
    expect(String(brotliDecompressSync(bodies.br ?? ""))).toBe(text);
    expect(String(gunzipSync(bodies.gzip ?? ""))).toBe(text);
  });

  it.each([
    ["a.png", randomBytes(2000)],
    ["a.css", "small"],
    ["a.bin", "x".repeat(2000)],
  ])("%s is sent as it is", async (name, content) => {
    const { bodies } = await makeKeptFiles()(await file(name, content));
    expect(Object.keys(bodies)).toEqual(["identity"]);
  });

  it("are read once", async () => {
    const load = makeKeptFiles();
    const one = await file("a.txt", "a");
    expect(await load(one)).toBe(await load(one));
  });

  it("are read again when they have changed", async () => {
    const load = makeKeptFiles();
    const one = await load(await file("a.txt", "a"));
    const changed = await file("a.txt", "b");
    await utimes(changed.path, 1, 1);
    const other = await load({ ...changed, modified: 1000 });
    expect([String(one.bodies.identity), String(other.bodies.identity)]).toEqual(["a", "b"]);
    expect(other.tag).not.toBe(one.tag);
  });

  it("are tagged by their content alone", async () => {
    const load = makeKeptFiles();
    const [one, other] = [await load(await file("a.txt", "a")), await load(await file("b.txt", "a"))];
    expect(one.tag).toBe(other.tag);
  });

  it("take no more memory than allowed", async () => {
    const load = makeKeptFiles(150);
    const one = await file("a.bin", "x".repeat(100));
    const first = await load(one);
    await load(await file("b.bin", "y".repeat(100)));
    expect(await load(one)).not.toBe(first);
  });
});

describe("the form that is sent", () => {
  const all = { identity: Buffer.of(), br: Buffer.of(), gzip: Buffer.of() };
  it.each([
    [undefined, "identity"],
    ["", "identity"],
    ["gzip, deflate, br", "br"],
    ["gzip", "gzip"],
    ["gzip;q=1.0, br;q=0", "gzip"],
    ["br;q=0.0, gzip;q=0", "identity"],
    ["br ; q=0.5", "br"],
    ["deflate", "identity"],
    ["x-br", "identity"],
  ])("for %j is %s", (header, encoding) => {
    expect(chooseEncoding(header, all)).toBe(encoding);
  });

  it("is one that there is", () => {
    expect(chooseEncoding("br, gzip", { identity: Buffer.of() })).toBe("identity");
  });
});
