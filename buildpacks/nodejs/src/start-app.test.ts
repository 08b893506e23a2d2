import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Files,
  makeContext,
  makeFolder,
  restoreLayers,
  writeFiles,
} from "../../shared/buildpack-fixtures.ts";
import { readProject } from "./node-project.ts";
import type { Manager } from "./packager-tool.ts";
import { planInstall } from "./plan-install.ts";
import { startApp } from "./start-app.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** A package manager that is there, of a few bytes. */
async function fakeManager(kind: Manager["kind"]): Promise<Manager> {
  const at = path.join(folder.at, `fake-${kind}`);
  const name = kind === "berry" ? "yarn" : kind;
  await writeFiles(path.join(at, "lib/node_modules", name), {
    "package.json": JSON.stringify({ bin: { [name]: "bin/x.js" } }),
    "bin/x.js": "",
  });
  return {
    kind,
    nodeVersion: "24.1.0",
    version: async () => "1.0.0",
    program: async () => path.join(at, "bin", name),
    folder: async () => at,
    node: async () => "/node",
    keep: async () => {},
  };
}

/** Starts an app that is built: its files are as a build left them. */
async function started(packageJson: object, files: Files = {}, kind: Manager["kind"] = "npm") {
  const { context, output } = await makeContext(folder.at);
  await writeFiles(context.buildpackDir, { "launch/static-server.mjs": "// server\n" });
  await writeFiles(context.appDir, { "package.json": JSON.stringify(packageJson), ...files });
  const project = await readProject(context.appDir);
  const [plan, manager] = [planInstall(project), await fakeManager(kind)];
  await startApp(context, { project, plan, manager, slices: [], others: fakeManager });
  const launch = parse(await readFile(path.join(context.layersDir, "launch.toml"), "utf8"));
  const web = (launch.processes as { args: string[] }[])[0]?.args[0];
  const has = (name: string) => existsSync(path.join(context.layersDir, name));
  const read = (name: string) => readFile(path.join(context.layersDir, name), "utf8");
  return { context, web, output: output(), has, read };
}

const NUXT = { devDependencies: { nuxt: "4.0.0" } };
const OUTPUT = { ".output/server/index.mjs": "" };

describe("the web process", () => {
  it("of a single-page app is the server for files, in a layer of its own", async () => {
    const { web, context, has, read, output } = await started(
      { devDependencies: { vite: "8" } },
      { "dist/index.html": "" },
    );
    const server = path.join(context.layersDir, "server/static-server.mjs");
    const settings = path.join(context.layersDir, "server/site.json");
    expect(web).toBe(`exec node ${server} dist ${settings}`);
    expect(JSON.parse(await read("server/site.json"))).toMatchObject({ fallback: "index.html" });
    expect([has("server/static-server.mjs"), has("npm-launch")]).toEqual([true, false]);
    expect(output).toContain("site.json (Vite)");
  });

  it("of a framework that has built nothing is missing, with what to do", async () => {
    const { web, output } = await started({ devDependencies: { vite: "8" } });
    expect(web).toBeUndefined();
    expect(output).toContain(" !     Vite has built nothing that can be served.");
  });

  it("that is nowhere is told", async () => {
    expect((await started({})).output).toContain(" !     The app says nowhere how it starts.");
  });
});

describe("variables of a framework", () => {
  it("let its server listen where requests come from, whatever starts it", async () => {
    const { read, web } = await started(
      { ...NUXT, scripts: { start: "node .output/server/index.mjs" } },
      OUTPUT,
    );
    expect(web).toBe("node .output/server/index.mjs");
    expect(await read("framework/env.launch/HOST.default")).toBe("0.0.0.0");
  });

  it("win over what a container engine sets for Next.js", async () => {
    const { read } = await started({ dependencies: { next: "16" } }, { ".next/BUILD_ID": "x" });
    expect(await read("framework/env.launch/HOSTNAME.override")).toBe("0.0.0.0");
  });

  it("are a layer that stays as it is, and goes with the framework", async () => {
    const { context, has } = await started(NUXT, OUTPUT);
    await restoreLayers(context.layersDir);
    await started(NUXT, OUTPUT);
    expect([has("framework"), has("framework.toml")]).toEqual([false, true]);
    await started({});
    expect(has("framework.toml")).toBe(false);
  });
});

describe("package managers that processes call", () => {
  it("are in the image: the app's own and others", async () => {
    const { has, read } = await started(
      { scripts: { start: "pnpm serve" } },
      { Procfile: "web: pnpm start\nworker: npm run work" },
      "pnpm",
    );
    expect([has("pnpm-launch/bin/pnpm"), has("npm-launch/bin/npm"), has("yarn-launch")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await read("pnpm-launch/env.launch/pnpm_config_verify_deps_before_run.default")).toBe("false");
  });

  it("are not copied again for the next image", async () => {
    const { context, has } = await started({ scripts: { start: "npm run x" } });
    await restoreLayers(context.layersDir);
    await started({ scripts: { start: "npm run x" } });
    expect([has("npm-launch"), has("npm-launch.toml")]).toEqual([false, true]);
  });
});
