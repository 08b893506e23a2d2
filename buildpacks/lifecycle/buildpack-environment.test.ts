import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  addBuildLayers,
  type BuildpackEnvironment,
  environmentFor,
  readBuildpackEnvironment,
  targetVariables,
} from "./buildpack-environment.ts";
import { writeAll } from "./lifecycle-fixtures.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "environment-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>) => writeAll(root, files);
const layers = (...names: string[]) => names.map((name) => join(root, name));

describe("build layers of one buildpack after another (buildpack.md, Environment)", () => {
  it("Layer Paths: build has five variables, later buildpacks first, layers of one ascending", async () => {
    await write({
      "a/1/bin/": "",
      "a/2/bin/": "",
      "b/1/bin/": "",
      "a/1/lib/": "",
      "a/1/include/": "",
      "a/1/pkgconfig/": "",
    });
    let env = await addBuildLayers({ PATH: "/bin" }, layers("a/1", "a/2"));
    env = await addBuildLayers(env, layers("b/1"));
    const at = (name: string) => join(root, name);
    expect(env).toEqual({
      PATH: `${at("b/1/bin")}:${at("a/1/bin")}:${at("a/2/bin")}:/bin`,
      LD_LIBRARY_PATH: at("a/1/lib"),
      LIBRARY_PATH: at("a/1/lib"),
      CPATH: at("a/1/include"),
      PKG_CONFIG_PATH: at("a/1/pkgconfig"),
    });
  });

  const rules: readonly [string, Record<string, string>, string][] = [
    ["Append: earlier buildpacks precede", { "a/1/env/V.append": "a", "b/1/env/V.append": "b" }, "ab"],
    ["Append: layers ascend", { "a/1/env/V.append": "1", "a/2/env/V.append": "2" }, "12"],
    ["Append: env precedes env.build", { "a/1/env.build/V.append": "b", "a/1/env/V.append": "e" }, "eb"],
    ["Default: earlier buildpacks override", { "a/1/env/V.default": "a", "b/1/env/V.default": "b" }, "a"],
    ["Default: earlier layers override", { "a/1/env/V.default": "1", "a/2/env/V.default": "2" }, "1"],
    ["Default: env overrides env.build", { "a/1/env.build/V.default": "b", "a/1/env/V.default": "e" }, "e"],
    ["Override: later buildpacks override", { "a/1/env/V": "a", "b/1/env/V.override": "b" }, "b"],
    ["Override: later layers override", { "a/1/env/V.override": "1", "a/2/env/V": "2" }, "2"],
    ["Override: env.build overrides env", { "a/1/env.build/V": "b", "a/1/env/V": "e" }, "b"],
    ["Prepend: later buildpacks precede", { "a/1/env/V.prepend": "a", "b/1/env/V.prepend": "b" }, "ba"],
    ["Prepend: layers descend", { "a/1/env/V.prepend": "1", "a/2/env/V.prepend": "2" }, "21"],
    ["Prepend: env.build precedes env", { "a/1/env.build/V.prepend": "b", "a/1/env/V.prepend": "e" }, "be"],
    [
      "Delimiter: of the layer, in both folders, and not of another layer",
      {
        "a/1/env/V.append": "1",
        "a/1/env.build/V.append": "2",
        "a/1/env/V.delim": "-",
        "a/2/env/V.append": "3",
      },
      "1-23",
    ],
    ["env.launch is not for builds", { "a/1/env.launch/V": "l", "a/1/env/V.default": "e" }, "e"],
  ];
  it.each(rules)("%s", async (_, files, expected) => {
    await write(files);
    let env: Record<string, string> = {};
    for (const folders of [layers("a/1", "a/2"), layers("b/1")]) env = await addBuildLayers(env, folders);
    expect(env.V).toBe(expected);
  });

  it("any number of buildpacks: appended values stand in their order, prepended ones in reverse", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 6 }), async (values) => {
        const place = await mkdtemp(join(root, "run-"));
        let env: Record<string, string> = {};
        for (const [i, value] of values.entries()) {
          const layer = join(place, `${i}`);
          await mkdir(join(layer, "env"), { recursive: true });
          for (const [name, text] of Object.entries({ "A.append": value, "P.prepend": value }))
            await writeFile(join(layer, "env", name), text);
          for (const name of ["A.delim", "P.delim"]) await writeFile(join(layer, "env", name), ":");
          env = await addBuildLayers(env, [layer]);
        }
        expect([env.A ?? "", env.P ?? ""]).toEqual([values.join(":"), values.toReversed().join(":")]);
      }),
      { numRuns: 15 },
    );
  });
});

describe("what a buildpack's program gets (platform.md, Buildpack Environment)", () => {
  const given: BuildpackEnvironment = {
    base: { PATH: "/layers/bin:/bin", HOME: "/home/x", MODE: "of a layer" },
    user: { PATH: "/mine", CPATH: "/inc", MODE: "mine", BP_KEY: "1" },
    operator: [
      { name: "MODE", action: "append", value: "+", delimiter: "" },
      { name: "BP_KEY", action: "default", value: "2", delimiter: "" },
      { name: "FORCED", action: "override", value: "3", delimiter: "" },
    ],
  };

  it("User-Provided Variables: in front of path variables, instead of others; the operator's come after", () => {
    expect(environmentFor(given, { clearEnv: false }, { CNB_EXEC_ENV: "test" })).toEqual({
      ...{ PATH: "/mine:/layers/bin:/bin", CPATH: "/inc", HOME: "/home/x" },
      ...{ MODE: "mine+", BP_KEY: "1", FORCED: "3", CNB_EXEC_ENV: "test" },
    });
  });

  it("clear-env takes the user's variables away, never the operator's", () => {
    expect(environmentFor(given, { clearEnv: true }, {})).toEqual({
      ...{ PATH: "/layers/bin:/bin", HOME: "/home/x" },
      ...{ MODE: "of a layer+", BP_KEY: "2", FORCED: "3" },
    });
  });

  it("puts no empty entry, which is the current folder, into a path", () => {
    const user = { PATH: "", CPATH: "" };
    const env = environmentFor({ base: { PATH: "/bin" }, user, operator: [] }, { clearEnv: false }, {});
    expect(env).toEqual({ PATH: "/bin", CPATH: "" });
  });

  it("cannot be told other CNB_ variables by the user", () => {
    const user = { CNB_LAYERS_DIR: "/elsewhere" };
    const env = environmentFor(
      { base: {}, user, operator: [] },
      { clearEnv: false },
      { CNB_LAYERS_DIR: "/l" },
    );
    expect(env).toEqual({ CNB_LAYERS_DIR: "/l" });
  });

  it("inherits what is named and nothing else of the lifecycle's environment", async () => {
    await write({ "platform/env/MINE": "1", "config/env/THEIRS": "2", "config/env/MORE.append": "3" });
    const outer = {
      PATH: "/bin",
      HOME: "/h",
      no_proxy: "x",
      SECRET: "s",
      CNB_REGISTRY_AUTH: "s",
      CPATH: undefined,
    };
    const read = await readBuildpackEnvironment(outer, join(root, "platform"), join(root, "config"));
    expect(read).toEqual({
      base: { PATH: "/bin", HOME: "/h", no_proxy: "x" },
      user: { MINE: "1" },
      operator: [
        { name: "MORE", action: "append", value: "3", delimiter: "" },
        { name: "THEIRS", action: "default", value: "2", delimiter: "" },
      ],
    });
  });

  it("Targets: names what is known of the run image", () => {
    expect(
      targetVariables({ os: "linux", arch: "arm64", variant: "v8", distroName: "", distroVersion: "12" }),
    ).toEqual({
      CNB_TARGET_OS: "linux",
      CNB_TARGET_ARCH: "arm64",
      CNB_TARGET_ARCH_VARIANT: "v8",
      CNB_TARGET_DISTRO_VERSION: "12",
    });
  });
});
