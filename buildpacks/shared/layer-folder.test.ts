import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, restoreLayers, writeFiles } from "./buildpack-fixtures.ts";
import {
  clearLayer,
  dropLayer,
  keepCaches,
  openLayer,
  prependedVariables,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
  setLayerEnv,
} from "./layer-folder.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());
const open = (name: string) => openLayer(folder.at, name);
const tomlOf = async (name: string) => parse(await readFile(path.join(folder.at, `${name}.toml`), "utf8"));

describe("opening a layer", () => {
  it("that never was", async () => {
    expect(await open("a")).toEqual({
      name: "a",
      dir: path.join(folder.at, "a"),
      metadata: undefined,
      restored: false,
    });
  });

  it("of which metadata alone came back", async () => {
    await writeFiles(folder.at, { "a.toml": '[metadata]\nversion = "1"\n' });
    expect(await open("a")).toMatchObject({ metadata: { version: "1" }, restored: false });
  });

  it("that came back with its folder", async () => {
    await writeFiles(folder.at, { "a.toml": "", "a/file": "" });
    expect(await open("a")).toMatchObject({ metadata: {}, restored: true });
  });

  it("whose place a file has taken", async () => {
    await writeFiles(folder.at, { a: "" });
    expect(await open("a")).toMatchObject({ restored: false });
  });
});

describe("declaring a layer", () => {
  it("says what it is for", async () => {
    await saveLayer(await open("a"), { launch: true }, { version: "1" });
    expect(await tomlOf("a")).toEqual({
      types: { launch: true, build: false, cache: false },
      metadata: { version: "1" },
    });
  });

  it("comes back as it was", async () => {
    const layer = await open("a");
    await clearLayer(layer);
    await saveLayer(layer, { cache: true }, { version: "1" });
    await restoreLayers(folder.at);
    expect(await open("a")).toMatchObject({ metadata: { version: "1" }, restored: true });
  });

  it("empties and removes it", async () => {
    await writeFiles(folder.at, { "a/old": "", "a.toml": "" });
    const layer = await open("a");
    await clearLayer(layer);
    expect(existsSync(path.join(layer.dir, "old"))).toBe(false);
    await dropLayer(layer);
    expect([existsSync(layer.dir), existsSync(`${layer.dir}.toml`)]).toEqual([false, false]);
  });
});

describe("caches that were not needed", () => {
  it("last", async () => {
    await writeFiles(folder.at, { "a/file": "x", "a.toml": '[metadata]\nkey = "1"\n' });
    await keepCaches(folder.at, ["a", "b"]);
    await restoreLayers(folder.at);
    expect(await open("a")).toMatchObject({ metadata: { key: "1" }, restored: true });
    expect(await open("b")).toMatchObject({ metadata: undefined, restored: false });
  });
});

describe("variables of the image", () => {
  const variables = async (operation: "default" | "override" | "prepend" | "append") => {
    const layer = await open("a");
    await setLaunchEnv(layer, { name: "PATH", operation, value: "/x" });
    const file = path.join(layer.dir, "env.launch", `PATH.${operation}`);
    const delimiter = path.join(layer.dir, "env.launch", "PATH.delim");
    return [await readFile(file, "utf8"), existsSync(delimiter) ? await readFile(delimiter, "utf8") : ""];
  };

  it.each([
    ["default", ["/x", ""]],
    ["override", ["/x", ""]],
    ["prepend", ["/x", ":"]],
    ["append", ["/x", ":"]],
  ] as const)("%s", async (operation, files) => {
    expect(await variables(operation)).toEqual(files);
  });

  it("are joined by what the buildpack says", async () => {
    const layer = await open("a");
    await setLaunchEnv(layer, { name: "OPTIONS", operation: "prepend", value: "-x", delimiter: " " });
    expect(await readFile(path.join(layer.dir, "env.launch", "OPTIONS.delim"), "utf8")).toBe(" ");
  });
});

describe("metadata", () => {
  const layer = (metadata: Record<string, unknown> | undefined) => ({
    ...{ name: "a", dir: "/a", restored: false, metadata },
  });
  it.each([
    [{ a: "1" }, { a: "1" }, true],
    [{ a: "1", b: true }, { b: true, a: "1" }, true],
    [{ a: "1" }, { a: "2" }, false],
    [{ a: "1", b: "2" }, { a: "1" }, false],
    [{ a: "1" }, { a: "1", b: "2" }, false],
    [{}, {}, true],
    [undefined, {}, false],
  ])("%j against %j: %s", (had, wanted, same) => {
    expect(sameMetadata(layer(had), wanted)).toBe(same);
  });
});

describe("variables of a layer", () => {
  it("are for builds, for dynos or for both", async () => {
    const layer = await openLayer(folder.at, "tools");
    await setLayerEnv(layer, "env", { name: "PATH", operation: "prepend", value: "/a" });
    await setLayerEnv(layer, "env.build", { name: "CPATH", operation: "prepend", value: "/b" });
    await setLayerEnv(layer, "env.launch", { name: "LANG", operation: "default", value: "C" });
    expect(await prependedVariables(layer, { PATH: "/bin" })).toEqual({ PATH: "/a:/bin", CPATH: "/b" });
    expect(await prependedVariables(layer, {})).toEqual({ PATH: "/a", CPATH: "/b" });
    expect(await readFile(path.join(layer.dir, "env/PATH.delim"), "utf8")).toBe(":");
    expect(await readFile(path.join(layer.dir, "env.launch/LANG.default"), "utf8")).toBe("C");
  });

  it("are none of a layer without any", async () => {
    expect(await prependedVariables(await openLayer(folder.at, "none"), { PATH: "/bin" })).toEqual({});
  });
});
