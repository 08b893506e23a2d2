import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, restoreLayers, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { bringBuildCaches, takeBuildCaches } from "./build-caches.ts";
import { parsePackageJson } from "./package-json.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const appOf = (...names: string[]) =>
  parsePackageJson(JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, "1"])) }));

describe("the cache of a framework", () => {
  it.each([
    ["next", ".next/cache/webpack/0.pack"],
    ["gatsby", ".cache/redux.state"],
    ["@angular/core", ".angular/cache/x"],
  ])("%s is not in the image, and there again at the next build", async (name, file) => {
    const { context } = await makeContext(folder.at);
    const at = path.join(context.appDir, file);
    await bringBuildCaches(context, appOf(name));
    await writeFiles(context.appDir, { [file]: "kept", ".next/BUILD_ID": "1" });
    await takeBuildCaches(context, appOf(name));
    expect([existsSync(at), existsSync(path.join(context.appDir, ".next/BUILD_ID"))]).toEqual([false, true]);
    await restoreLayers(context.layersDir);
    await bringBuildCaches(context, appOf(name));
    expect(await readFile(at, "utf8")).toBe("kept");
    await takeBuildCaches(context, appOf(name));
    expect(await readFile(path.join(context.layersDir, "framework-cache", file), "utf8")).toBe("kept");
  });

  it("of a framework that is gone is dropped", async () => {
    const { context } = await makeContext(folder.at);
    await writeFiles(context.appDir, { ".next/cache/x": "" });
    await takeBuildCaches(context, appOf("next"));
    await takeBuildCaches(context, appOf("express"));
    expect(existsSync(path.join(context.layersDir, "framework-cache"))).toBe(false);
  });

  it("gives way to one that the source brings", async () => {
    const { context } = await makeContext(folder.at);
    await writeFiles(context.layersDir, { "framework-cache/.next/cache/x": "old" });
    await writeFiles(context.appDir, { ".next/cache/x": "committed" });
    await bringBuildCaches(context, appOf("next"));
    expect(await readFile(path.join(context.appDir, ".next/cache/x"), "utf8")).toBe("committed");
  });
});
