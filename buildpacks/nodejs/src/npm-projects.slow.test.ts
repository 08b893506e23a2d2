import { existsSync } from "node:fs";
import { lstat, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AppBuilds,
  type Files,
  makeAppBuilds,
  makeFolder,
  runProgram,
} from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";

// What npm projects come in, each built for real.

const NOWHERE = { npm_config_registry: "http://127.0.0.1:9/" };
/** What every app on the default line of Node.js can begin with. */
const SEED = ["node", "node-check", "toolchain", "npm", "npm-cache"];

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
let seeding: AppBuilds;
let count = 0;
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/nodejs")?.dir ?? "";
  seeding = await makeAppBuilds(path.join(folder.at, "seed"), {
    buildpack,
    source: project({ dependencies: { ms: "2.1.3" }, devDependencies: { isarray: "2.0.5" } }),
  });
  expect(await seeding.build()).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

/** A package.json and its lock file; packages of `devDependencies` are marked as such. */
function project(packageJson: Record<string, unknown>, files: Files = {}): Files {
  const listed = (field: string) => Object.entries((packageJson[field] ?? {}) as Record<string, string>);
  const packages: Record<string, unknown> = { "": { name: "app", ...packageJson } };
  for (const [name, version] of listed("dependencies")) packages[`node_modules/${name}`] = { version };
  for (const [name, version] of listed("devDependencies"))
    packages[`node_modules/${name}`] = { version, dev: true };
  return {
    "package.json": JSON.stringify({ name: "app", ...packageJson }),
    "package-lock.json": JSON.stringify({ name: "app", lockfileVersion: 3, requires: true, packages }),
    ...files,
  };
}

async function appOf(source: Files, seed = SEED): Promise<AppBuilds> {
  const options = { buildpack, source, seed: { from: seeding.layers, layers: seed } };
  return makeAppBuilds(path.join(folder.at, `app-${++count}`), options);
}

async function built(source: Files, env: Readonly<Record<string, string>> = {}) {
  const app = await appOf(source);
  const outcome = await app.build(env);
  expect(outcome).toMatchObject({ code: 0 });
  return { app, output: outcome.output };
}

const DEPENDENCIES = { dependencies: { ms: "2.1.3" }, devDependencies: { isarray: "2.0.5" } };
const hasPackage = (app: AppBuilds, layer: string, name: string) =>
  app.has(layer, `node_modules/${name}/package.json`);

describe("packages that only development needs", () => {
  const BUILD = { scripts: { build: "node build.js" } };
  const WRITES = {
    "build.js": "require('isarray'); require('fs').writeFileSync('built', process.env.NODE_ENV)",
  };

  it("are there for scripts, and not in the image", async () => {
    const { app, output } = await built(project({ ...DEPENDENCIES, ...BUILD }, WRITES));
    expect(output).toContain("Pruning development packages");
    expect(await readFile(path.join(app.app, "built"), "utf8")).toBe("production");
    expect([hasPackage(app, "packages", "ms"), hasPackage(app, "packages", "isarray")]).toEqual([
      true,
      false,
    ]);
    expect(hasPackage(app, "build-packages", "isarray")).toBe(true);
    expect(await readlink(path.join(app.app, "node_modules"))).toBe(
      path.join(app.layers, "packages/node_modules"),
    );
    expect(app.has("packages", "package.json")).toBe(false);
    const again = await app.build(NOWHERE);
    expect(again).toMatchObject({ code: 0 });
    expect(again.output).not.toContain("Pruning");
    expect(app.has("packages")).toBe(false);
  });

  it("are not even installed when no script runs", async () => {
    const { app } = await built(project(DEPENDENCIES));
    expect([hasPackage(app, "packages", "ms"), hasPackage(app, "packages", "isarray")]).toEqual([
      true,
      false,
    ]);
    expect(app.has("build-packages")).toBe(false);
  });

  it("stay where a config var says so", async () => {
    const { app, output } = await built(project({ ...DEPENDENCIES, ...BUILD }, WRITES), {
      NODE_ENV: "staging",
    });
    expect(output).not.toContain("Pruning");
    expect(await readFile(path.join(app.app, "built"), "utf8")).toBe("staging");
    expect(hasPackage(app, "packages", "isarray")).toBe(true);
  });
});

describe("scripts", () => {
  it("may write into node_modules: the image has it, and the next build begins clean", async () => {
    const script = (text: string) =>
      `const fs = require("fs"); fs.mkdirSync("node_modules/.client", { recursive: true });
       fs.writeFileSync("node_modules/.client/" + ${JSON.stringify(text)} + ".js", "");`;
    const { app } = await built(
      project({ ...DEPENDENCIES, scripts: { build: "node generate.js" } }, { "generate.js": script("one") }),
    );
    expect(app.has("packages", "node_modules/.client/one.js")).toBe(true);
    expect(hasPackage(app, "packages", "isarray")).toBe(false);
    await app.change({ "generate.js": script("two") });
    expect(await app.build()).toMatchObject({ code: 0 });
    expect(app.has("packages", "node_modules/.client/two.js")).toBe(true);
    expect(app.has("packages", "node_modules/.client/one.js")).toBe(false);
  });

  it("find their caches again, and the image has none", async () => {
    const counting = `const fs = require("fs"); fs.mkdirSync("node_modules/.cache", { recursive: true });
      const file = "node_modules/.cache/count";
      const n = fs.existsSync(file) ? Number(fs.readFileSync(file)) + 1 : 1;
      fs.writeFileSync(file, String(n)); console.log("run " + n);`;
    const { app, output } = await built(
      project({ ...DEPENDENCIES, scripts: { build: "node count.js" } }, { "count.js": counting }),
    );
    expect(output).toContain("run 1");
    expect(app.has("packages", "node_modules/.cache")).toBe(false);
    const again = await app.build(NOWHERE);
    expect(again.output).toContain("run 2");
    expect(app.has("packages")).toBe(false);
    await app.change(project({ dependencies: { ms: "2.1.2" }, scripts: { build: "node count.js" } }));
    expect((await app.build()).output).toContain("run 3");
  });

  it("run in Heroku's order, heroku-postbuild in the place of build", async () => {
    const scripts = {
      "heroku-prebuild": "echo step-1",
      postinstall: "echo step-2; cat data",
      "heroku-postbuild": "echo step-3",
      build: "echo never",
    };
    const { output } = await built(project({ ...DEPENDENCIES, scripts }, { data: "data of the app\n" }));
    const steps = output.split("\n").map((line) => line.trim());
    expect(steps.filter((line) => /^step-\d$/.test(line))).toEqual(["step-1", "step-2", "step-3"]);
    expect(output).not.toContain("never");
  });

  it("of the installation see the app's files", async () => {
    const scripts = { postinstall: "cp data node_modules/ms/copied" };
    const { app } = await built(project({ ...DEPENDENCIES, scripts }, { data: "x" }));
    expect(app.has("packages", "node_modules/ms/copied")).toBe(true);
    expect(hasPackage(app, "packages", "isarray")).toBe(false);
  });

  it("that fail end the build", async () => {
    const app = await appOf(project({ ...DEPENDENCIES, scripts: { build: "echo broken; exit 3" } }));
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain("broken");
    expect(output).toContain(" !     The script build failed with status 3.");
  });

  it("run in apps without packages too", async () => {
    const files = { "package.json": JSON.stringify({ scripts: { build: "echo made > built" } }) };
    const { app } = await built(files);
    expect(await readFile(path.join(app.app, "built"), "utf8")).toBe("made\n");
    expect(app.has("packages")).toBe(false);
  });
});

describe("workspaces", () => {
  it("stay in the app, as a slice of the image", async () => {
    const packages = {
      "": { name: "app", workspaces: ["packages/*"], dependencies: { ms: "2.1.3" } },
      "node_modules/ms": { version: "2.1.3" },
      "node_modules/w": { resolved: "packages/w", link: true },
      "packages/w": { version: "1.0.0" },
    };
    const { app } = await built({
      "package.json": JSON.stringify(packages[""]),
      "package-lock.json": JSON.stringify({ name: "app", lockfileVersion: 3, requires: true, packages }),
      "packages/w/package.json": '{"name":"w","version":"1.0.0"}',
      "packages/w/index.js": "module.exports = 'from w'",
      "server.js": "console.log(require('w'), require('ms')(1000))",
    });
    expect((await lstat(path.join(app.app, "node_modules/w"))).isSymbolicLink()).toBe(true);
    expect(await app.launch()).toMatchObject({
      slices: [{ paths: expect.arrayContaining(["node_modules", "packages/w/node_modules"]) }],
    });
    expect(await app.read("packages", "env.launch/PATH.prepend")).toBe(
      path.join(app.app, "node_modules/.bin"),
    );
    const run = await runProgram(process.execPath, ["server.js"], { cwd: app.app, env: {} });
    expect(run.output).toBe("from w 1s\n");
  });
});

describe("a project that is not in order", () => {
  it("without a lock file is built, with a warning", async () => {
    const { "package.json": text = "" } = project(DEPENDENCIES);
    const { app, output } = await built({ "package.json": text });
    expect(output).toContain(" !     There is no package-lock.json");
    expect(output).toContain("-----> Installing packages (npm install --no-package-lock)");
    expect(hasPackage(app, "packages", "ms")).toBe(true);
    expect(existsSync(path.join(app.app, "package-lock.json"))).toBe(false);
    expect((await app.build(NOWHERE)).output).toContain("Using the packages of the last build");
  });

  it("with committed packages gets its own", async () => {
    const committed = {
      "node_modules/ms/package.json": '{"name":"ms","version":"0.0.1"}',
      "node_modules/x/y": "",
    };
    const { app, output } = await built(project(DEPENDENCIES, committed));
    expect(output).toContain(" !     node_modules is in the repository");
    const text = await readFile(path.join(app.app, "node_modules/ms/package.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ version: "2.1.3" });
    expect(existsSync(path.join(app.app, "node_modules/x"))).toBe(false);
  });

  it("whose lock file disagrees is told what to do", async () => {
    const files = project(DEPENDENCIES);
    const app = await appOf({ ...files, "package.json": '{"dependencies":{"ms":"2.0.0"}}' });
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain(" !     npm ci failed with status 1. Its own words are above.");
    expect(output).toContain("npm install && git add package-lock.json");
  });

  it("that says nowhere how it starts is told", async () => {
    const { output } = await built({ "package.json": "{}" });
    expect(output).toContain(" !     The app says nowhere how it starts.");
  });
});

describe("versions", () => {
  const engines = (node: string) => ({
    "package.json": JSON.stringify({ engines: { node } }),
    "server.js": "",
  });

  it.each([
    ["22.x", /^v22\./],
    [">=20 <21", /^v20\./],
    ["*", /^v24\./],
  ])("%s", async (range, version) => {
    const app = await appOf(engines(range), []);
    expect(await app.build()).toMatchObject({ code: 0 });
    const program = path.join(app.layers, "node/bin/node");
    const run = await runProgram(program, ["--version"], { cwd: "/", env: {} });
    expect(run.output).toMatch(version);
  });

  it("that are not to be had are told with those that are", async () => {
    const app = await appOf(engines("24.99.x"), []);
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain(" !     No Node.js version fits 24.99.x (engines.node in package.json).");
    expect(output).toMatch(/ ! {7}the npm registry has 24\.\d+\.\d+, 24\./);
  });

  it("that are none are refused", async () => {
    const app = await appOf(engines("newest"), []);
    expect(await app.build()).toMatchObject({
      code: 1,
      output: expect.stringContaining(
        '"newest" is no version or range of Node.js (engines.node in package.json).',
      ),
    });
  });

  it("need a source that answers, and fail fast without one", async () => {
    const app = await appOf(engines("24.x"), []);
    const { code, output, ms } = await app.build(NOWHERE);
    expect(code).toBe(1);
    expect(output).toContain(" !     No source of Node.js could be reached.");
    expect(output).toContain("the npm registry could not be asked: the connection was refused.");
    expect(ms).toBeLessThan(10_000);
  });
});

describe("npm at run time", () => {
  it("is in the image of an app whose processes call it", async () => {
    const { app } = await built(project(DEPENDENCIES, { Procfile: "web: npm start" }));
    const env = { PATH: `${path.join(app.layers, "node/bin")}:${process.env.PATH}` };
    const npm = path.join(app.layers, "npm-launch/bin/npm");
    const run = await runProgram(npm, ["--version"], { cwd: "/", env });
    expect(run.output.split("\n").at(-2)).toBe("11.6.2");
    expect(await app.build(NOWHERE)).toMatchObject({ code: 0 });
    expect(app.has("npm-launch")).toBe(false);
  });

  it("is that which the app asks for", async () => {
    const { app, output } = await built(
      project({ ...DEPENDENCIES, engines: { npm: "10.x" }, scripts: { start: "npm run serve" } }),
    );
    expect(output).toMatch(/Fetching npm 10\.\d+\.\d+/);
    expect(output).toContain("Default process: web -> npm start");
    expect(app.has("npm-launch", "bin/npx")).toBe(true);
  });
});
