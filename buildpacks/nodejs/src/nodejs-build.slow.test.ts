import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppBuilds, makeAppBuilds, makeFolder, runProgram } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";

// Real builds of the examples, with what the registry has.

const EXAMPLES = path.resolve(import.meta.dirname, "../../../examples");

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/nodejs")?.dir ?? "";
});
afterAll(() => folder.remove());

const builds = (name: string, example: string) =>
  makeAppBuilds(path.join(folder.at, name), { buildpack, source: path.join(EXAMPLES, example) });

describe("an app with packages and a build script, from its first build on", () => {
  let app: AppBuilds;
  let first: { readonly node: string; readonly packages: string };
  beforeAll(async () => {
    app = await builds("express", "node-express");
  });

  it("is taken", async () => {
    expect(await app.detect()).toMatchObject({ code: 0 });
  });

  it("is built cold", async () => {
    const { code, output } = await app.build();
    expect(output).toContain(
      "-----> Node.js app detected\n       Version asked for: 24.x (engines.node in package.json)\n",
    );
    expect(output).toMatch(/Using Node.js 24\.\d+\.\d+ from the npm registry/);
    expect(output).toContain("-----> Installing packages (npm ci)");
    expect(output).toMatch(/-----> Running the script build\n[\s\S]*wrote built.json/);
    expect(code).toBe(0);
    expect(existsSync(path.join(app.app, "built.json"))).toBe(true);
    expect(await app.read("packages", "env.launch/PATH.prepend")).toBe(
      path.join(app.layers, "packages", "node_modules", ".bin"),
    );
    expect(await app.launch()).toEqual({ processes: [] });
    first = { node: await app.digest("node"), packages: await app.digest("packages") };
  });

  it("runs on what it was given", async () => {
    const program = path.join(app.layers, "node", "bin", "node");
    const line = "console.log(require('express/package.json').version, process.version)";
    const run = await runProgram(program, ["-e", line], { cwd: app.app, env: {} });
    expect(run.output).toMatch(/^5\.1\.0 v24\.\d+\.\d+\n$/);
  });

  it("is built again with nothing fetched, and nothing new for the image but the app", async () => {
    await app.change({ "web.js": `${await readFile(path.join(app.app, "web.js"), "utf8")}// one line\n` });
    const { code, output, ms } = await app.build({ npm_config_registry: "http://127.0.0.1:9/" });
    expect(output).toMatch(
      /as at the last build\n +Package manager: npm 11\.6\.2 \(package-lock\.json; no version asked for\)\n +Using the packages of the last build\n/,
    );
    expect(output).not.toContain("Fetching");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3_000);
    for (const layer of ["node", "packages"]) {
      expect([app.has(layer), existsSync(path.join(app.layers, `${layer}.toml`))]).toEqual([false, true]);
    }
  });

  it("installs anew when the lock file is another", async () => {
    const lock = await readFile(path.join(app.app, "package-lock.json"), "utf8");
    await app.change({ "package-lock.json": `${lock}\n` });
    const { code, output } = await app.build();
    expect(output).toContain("-----> Installing packages (npm ci)");
    expect(output).not.toContain("Fetching");
    expect(code).toBe(0);
    expect(await app.digest("packages")).toBe(first.packages);
  });

  it("gives the same layers when built elsewhere from nothing", async () => {
    // Names of layers' folders are the same in every build of a platform; only the app's folder may differ.
    await rename(app.layers, `${app.layers}.before`);
    await mkdir(app.layers);
    const { code } = await app.build();
    expect(code).toBe(0);
    expect({ node: await app.digest("node"), packages: await app.digest("packages") }).toEqual(first);
    await rm(`${app.layers}.before`, { recursive: true });
  });
});

describe("an app without packages", () => {
  it("needs no npm, and starts as its script says", async () => {
    const app = await builds("echo", "echo-node");
    const { code, output } = await app.build();
    expect(output).toContain("Default process: web -> node server.js");
    expect(code).toBe(0);
    expect(await app.launch()).toEqual({
      processes: [{ type: "web", command: ["bash", "-c"], args: ["node server.js"], default: true }],
    });
    for (const layer of ["npm", "npm-launch", "toolchain", "packages"]) expect(app.has(layer)).toBe(false);
    expect(existsSync(path.join(app.app, "node_modules"))).toBe(false);
    const again = await app.build({ npm_config_registry: "http://127.0.0.1:9/" });
    expect([again.code, again.output.includes("Fetching")]).toEqual([0, false]);
  });
});

describe("an app that runs no script", () => {
  it("has its packages installed straight into the image's layer", async () => {
    const app = await builds("chat", "websocket-chat");
    expect(await app.build()).toMatchObject({ code: 0 });
    expect(app.has("packages", "node_modules/ws/package.json")).toBe(true);
    expect(app.has("packages", "package.json")).toBe(false);
    expect(app.has("build-packages")).toBe(false);
    const again = await app.build({ npm_config_registry: "http://127.0.0.1:9/" });
    expect(again.output).toContain("Using the packages of the last build");
    expect([again.code, app.has("packages")]).toEqual([0, false]);
    // What was not needed this time is there for the next.
    for (const cache of ["npm", "npm-cache", "toolchain"]) expect(app.has(cache)).toBe(true);
  });
});
