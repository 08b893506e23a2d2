import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { build } from "./static-build.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** Builds with a Node.js that is there from the build before, so that nothing is fetched. */
async function buildSite(files: readonly string[], server = "// server\n", more: Files = {}) {
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
  await writeFiles(context.appDir, {
    ...Object.fromEntries(files.map((name) => [name, ""])),
    ...more,
  });
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
    const settings = path.join(context.layersDir, "server", "site.json");
    expect(processes).toMatchObject([
      {
        type: "web",
        args: [`exec node ${server} ${path.join(context.appDir, root)} ${settings}`],
        default: true,
      },
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

  it("is served as its files say, in a layer that changes with them", async () => {
    const first = await buildSite(["index.html"], "// one\n", { _headers: "/*\n  X-A: 1\n" });
    expect(first.output).toContain("Served as _headers says\n");
    const before = await first.read("server.toml");
    expect(JSON.parse(await first.read("server/site.json"))).toMatchObject({
      headers: [{ pattern: { syntax: "named", text: "/*" }, set: [["X-A", "1"]] }],
      hidden: ["_headers"],
    });
    const other = await buildSite(["index.html"], "// one\n", { _headers: "/*\n  X-A: 2\n" });
    expect(await other.read("server.toml")).not.toBe(before);
  });

  it("is told of what is passed over", async () => {
    const { output } = await buildSite([], "", {
      "static.json": '{"root": ".", "proxies": {}}',
      "index.html": "",
    });
    expect(output).toContain(" !     static.json: proxies are not supported");
  });

  it("may be made by a command of its own", async () => {
    const table = "[com.heroku.static-web-server.build]\ncommand = ";
    const args = 'args = ["-c", "mkdir -p out public && echo made > public/index.html && echo built"]\n';
    const { output } = await buildSite([], "", { "project.toml": `${table}"sh"\n${args}` });
    expect(output).toContain("       built\n");
    expect(output).toContain("Serving the files of public/\n");
    await expect(buildSite([], "", { "project.toml": `${table}"false"\n` })).rejects.toThrow(
      "ended with status 1",
    );
    await expect(buildSite([], "", { "project.toml": `${table}"no-such"\n` })).rejects.toThrow(
      "There is no program no-such.",
    );
  });
});
