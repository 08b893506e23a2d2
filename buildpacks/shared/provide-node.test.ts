import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  makeContext,
  makeFolder,
  restoreLayers,
  runProgram,
  scriptedFetcher,
  writeFiles,
} from "./buildpack-fixtures.ts";
import type { NodeRequirement } from "./node-version.ts";
import { provideNode } from "./provide-node.ts";

const ARCH = process.arch === "arm64" ? "arm64" : "x64";
const WEEK_MS = 7 * 24 * 3600 * 1000;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let archive: string;
beforeEach(async () => {
  folder = await makeFolder();
  archive = path.join(folder.at, "node.tgz");
  const files = { "package/bin/node": "node", "package/LICENSE": "MIT", "package/include/node.h": "h" };
  await writeFiles(folder.at, { ...files, "package/share/man": "left out" });
  const env = { PATH: process.env.PATH };
  await runProgram("tar", ["-czf", archive, "package"], { cwd: folder.at, env });
});
afterEach(() => folder.remove());

const dist = (version: string) => ({ dist: { tarball: `tar/${version}`, integrity: "sha512-x" } });

interface Build {
  readonly requirement?: NodeRequirement;
  readonly versions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly toolchain?: boolean;
  readonly tools?: boolean;
}

/** A build that needs Node.js, after what the builds before it have left. */
async function build(options: Build = {}) {
  const { requirement = { range: "24.x" }, versions = ["24.1.0", "24.2.0", "22.0.0"], env = {} } = options;
  await restoreLayers(path.join(folder.at, "layers")).catch(() => {});
  const answers = {
    [`/node-linux-${ARCH}`]: { versions: Object.fromEntries(versions.map((one) => [one, dist(one)])) },
    ...Object.fromEntries(versions.map((one) => [`tar/${one}`, archive])),
  };
  const { fetcher, asked } = scriptedFetcher(versions.length === 0 ? {} : answers);
  const { context, output } = await makeContext(folder.at, {
    env: { PATH: process.env.PATH, CONIFER_RUNTIME_SOURCES: "registry", ...env },
    ...(options.version === undefined ? {} : { version: options.version }),
  });
  const node = await provideNode(context, requirement, { fetcher, tools: options.tools ?? false });
  const tools = options.toolchain ? await node.toolchain() : undefined;
  await node.keep();
  return { version: node.version, asked, output: output(), tools };
}

const inLayer = (...names: string[]) => path.join(folder.at, "layers", ...names);
const isThere = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

describe("the layer of Node.js", () => {
  it("has the program, its license and the settings of processes", async () => {
    expect((await build()).version).toBe("24.2.0");
    expect(await readFile(inLayer("node/bin/node"), "utf8")).toBe("node");
    expect(await readFile(inLayer("node/env.launch/NODE_ENV.default"), "utf8")).toBe("production");
    expect((await stat(inLayer("node/exec.d/web-concurrency"))).mode & 0o111).toBe(0o111);
    expect(await isThere(inLayer("node/LICENSE"))).toBe(true);
    expect(await isThere(inLayer("node/include"))).toBe(false);
    expect(await isThere(inLayer("node/share"))).toBe(false);
  });

  it("is that of the last build, with nothing asked, for the same wish", async () => {
    await build();
    const again = await build();
    expect(again).toMatchObject({ version: "24.2.0", asked: [] });
    expect(again.output).toContain("Using Node.js 24.2.0, as at the last build");
    expect(await isThere(inLayer("node"))).toBe(false);
    expect(await isThere(inLayer("node.toml"))).toBe(true);
  });

  it.each([
    ["another wish", { requirement: { range: "22.x" } }, "22.0.0"],
    ["other sources", { env: { CONIFER_RUNTIME_SOURCES: "registry registry" } }, "24.2.0"],
    ["another buildpack", { version: "9.9.9" }, "24.2.0"],
  ])("is made anew for %s", async (_name, change, version) => {
    await build();
    const again = await build(change);
    expect(again.version).toBe(version);
    expect(again.asked).not.toEqual([]);
    expect(await isThere(inLayer("node/bin/node"))).toBe(true);
  });

  it("gets a newer version a week later", async () => {
    await build();
    const weekAgo = new Date(Date.now() - WEEK_MS - 1000);
    await writeFile(inLayer("node-check/checked"), weekAgo.toISOString());
    expect((await build({ versions: ["24.3.0"] })).version).toBe("24.3.0");
  });

  it("does not look for another of an exact version, ever", async () => {
    const requirement = { range: "24.1.0" };
    await build({ requirement });
    await rm(inLayer("node-check"), { recursive: true });
    expect(await build({ requirement, versions: [] })).toMatchObject({ version: "24.1.0", asked: [] });
  });

  it("stays as it was when nobody can be asked a week later", async () => {
    await build();
    await writeFile(inLayer("node-check/checked"), "1999-01-01T00:00:00Z");
    const again = await build({ versions: [] });
    expect(again.version).toBe("24.2.0");
    expect(again.output).toContain("No source could be asked for a newer version; using Node.js 24.2.0");
  });

  it("is not believed to be checked in the future", async () => {
    await build();
    await writeFile(inLayer("node-check/checked"), "2999-01-01T00:00:00Z");
    expect((await build()).asked).not.toEqual([]);
  });
});

it("tells which statements of versions it passed over", async () => {
  const passedOver = [".nvmrc (20)", ".node-version (22)"];
  const requirement = { range: "24.x", statedIn: "engines.node in package.json", passedOver };
  const { output } = await build({ requirement });
  expect(output).toContain("Version asked for: 24.x (engines.node in package.json)\n");
  expect(output).toContain("Passed over: .nvmrc (20), .node-version (22)\n");
});

describe("the toolchain", () => {
  it("has headers beside the program, and is kept", async () => {
    const { tools } = await build({ toolchain: true });
    expect(tools).toBe(inLayer("toolchain"));
    expect(await isThere(inLayer("toolchain/include/node.h"))).toBe(true);
    await utimes(inLayer("toolchain/bin/node"), 1, 1);
    await build({ toolchain: true });
    expect((await stat(inLayer("toolchain/bin/node"))).mtimeMs).toBe(1000);
  });

  it("is unpacked together with the layer for a build that says it will need it", async () => {
    const { tools, asked } = await build({ tools: true, toolchain: true });
    expect(tools).toBe(inLayer("toolchain"));
    expect(asked.filter((address) => address.startsWith("tar/"))).toHaveLength(1);
    for (const file of ["node/bin/node", "node/LICENSE", "toolchain/bin/node", "toolchain/include/node.h"])
      expect(await isThere(inLayer(file))).toBe(true);
    expect(await isThere(inLayer("node/include"))).toBe(false);
  });

  it("is not made for a build that runs nothing", async () => {
    await build();
    expect(await isThere(inLayer("toolchain"))).toBe(false);
  });

  it("is that of the app's version", async () => {
    await build({ toolchain: true });
    const other = await build({ toolchain: true, requirement: { range: "22.x" } });
    expect(other.asked).toContain("tar/22.0.0");
    expect(await readFile(inLayer("toolchain.toml"), "utf8")).toContain('version = "22.0.0"');
  });

  it("stays while builds run nothing", async () => {
    await build({ toolchain: true });
    await build();
    expect((await build({ toolchain: true })).asked).toEqual([]);
  });
});

it("fails whoever waits for it when the archive is broken", async () => {
  await writeFile(archive, "no archive");
  await expect(build({ tools: true, toolchain: true })).rejects.toThrow();
  await expect(build()).rejects.toThrow();
});

it.each([
  ["registri", 'CONIFER_RUNTIME_SOURCES holds "registri"'],
  ["python=https://a.example", "CONIFER_RUNTIME_SOURCES names no source for nodejs."],
])("refuses the operator's setting %j", async (setting, message) => {
  await expect(build({ env: { CONIFER_RUNTIME_SOURCES: setting } })).rejects.toMatchObject({
    message: expect.stringContaining(message),
    advice: ["This is a setting of the operator's."],
  });
});
