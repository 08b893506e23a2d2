import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { build } from "./procfile-build.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function buildWith(text: string, more: Readonly<Record<string, string>> = {}) {
  const { context, output } = await makeContext(folder.at);
  await writeFiles(context.appDir, { Procfile: text, ...more });
  await build(context);
  const launch = parse(await readFile(path.join(context.layersDir, "launch.toml"), "utf8"));
  return { output: output(), processes: launch.processes };
}

describe("a Procfile", () => {
  it("becomes process types, web the default one", async () => {
    const built = await buildWith("web: node web.js\nworker: node worker.js\n");
    expect(built.processes).toEqual([
      { type: "web", command: ["bash", "-c"], args: ["node web.js"], default: true },
      { type: "worker", command: ["bash", "-c"], args: ["node worker.js"], default: false },
    ]);
    expect(built.output).toBe(
      "-----> Discovering process types\n       Procfile declares types -> web, worker\n",
    );
  });

  it("keeps a command's quotes, dollars and backslashes", async () => {
    const line = `sh -c 'echo "$PORT" \\n'`;
    const built = await buildWith(`web: ${line}`);
    expect(built.processes).toMatchObject([{ args: [line] }]);
  });

  it("warns of odd lines and goes on", async () => {
    const built = await buildWith("web: a\nodd\n");
    expect(built.output).toContain(" !     Procfile: Line 2 is passed over, it has no colon: odd\n");
    expect(built.processes).toHaveLength(1);
  });

  it("warns of sources that nothing builds", async () => {
    const { output } = await buildWith("web: python3 serve.py\n", { "serve.py": "" });
    expect(output).toMatch(/ !\s+There is serve\.py, but nothing that says which packages it needs/);
  });

  it("is refused when a line cannot work", async () => {
    await expect(buildWith("web:\n")).rejects.toMatchObject({
      message: expect.stringContaining("Line 1: the process type web has no command"),
      advice: ["A line reads <type>: <command>, for example: web: node server.js"],
    });
  });

  it.each(["", "# web: later\n"])("is refused when it names nothing: %j", async (text) => {
    await expect(buildWith(text)).rejects.toThrow("The Procfile names no process type.");
  });
});
