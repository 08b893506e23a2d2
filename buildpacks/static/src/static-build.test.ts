import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { build } from "./static-build.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** Builds with a Node.js that is there from the build before, so that nothing is fetched. */
async function buildSite(files: readonly string[], server = "// server\n") {
  const { context, output } = await makeContext(folder.at);
  const metadata = {
    version: "24.1.0",
    range: ">=24.0.0 <25.0.0-0",
    arch: process.arch,
    sources: "",
    buildpack: "0.1.0",
  };
  const lines = Object.entries(metadata).map(([name, value]) => `${name} = "${value}"\n`);
  await writeFiles(context.layersDir, {
    "node.toml": `[metadata]\n${lines.join("")}`,
    "node-check.toml": "",
    "node-check/checked": new Date().toISOString(),
  });
  await writeFiles(context.buildpackDir, { "launch/static-server.mjs": server });
  await writeFiles(context.appDir, Object.fromEntries(files.map((name) => [name, ""])));
  await build(context);
  const read = async (name: string) => readFile(path.join(context.layersDir, name), "utf8");
  const launch = parse(await read("launch.toml"));
  return { output: output(), processes: launch.processes, read, context };
}

describe("a site", () => {
  it.each([
    [["index.html"], ".", "the top folder"],
    [["public/index.html"], "public", "public/"],
    [["public/index.html", "index.html", "dist/index.html"], "public", "public/"],
    [["dist/index.html", "site/index.html"], "dist", "dist/"],
    [["site/index.html"], "site", "site/"],
    [["public/about.html", "index.html"], ".", "the top folder"],
  ])("of %j is served from %s", async (files, root, said) => {
    const { processes, output, context } = await buildSite(files);
    const server = path.join(context.layersDir, "server", "static-server.mjs");
    expect(processes).toMatchObject([
      { type: "web", args: [`exec node ${server} ${path.join(context.appDir, root)}`], default: true },
    ]);
    expect(output).toContain(`Serving the files of ${said}\n`);
  });

  it("gets the server, in a layer that is named by its content", async () => {
    const { read } = await buildSite(["index.html"], "// one\n");
    expect(await read("server/static-server.mjs")).toBe("// one\n");
    const before = await read("server.toml");
    const other = await buildSite(["index.html"], "// two\n");
    expect(await other.read("server/static-server.mjs")).toBe("// two\n");
    expect(await other.read("server.toml")).not.toBe(before);
    expect((await buildSite(["index.html"], "// two\n")).output).not.toContain("!");
  });

  it("without a start page is refused", async () => {
    await expect(buildSite(["about.html"])).rejects.toThrow("The site has no index.html.");
  });
});
