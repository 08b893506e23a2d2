import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { BUILDPACK_APIS } from "../api-versions.ts";
import type { TestBuildpack } from "../lifecycle-fixtures.ts";
import { tables } from "../toml-files.ts";
import {
  type LifecycleCase,
  launchToml,
  layer,
  note,
  plan,
  put,
  scene,
  type TestedLifecycle,
  type Workbench,
} from "./lifecycle-case-fixtures.ts";

const BUILD = ["detector", "builder"];

/** A bench whose order is one group of all buildpacks that are given. */
async function benchOf(lifecycle: TestedLifecycle, buildpacks: readonly TestBuildpack[]): Promise<Workbench> {
  const bench = await lifecycle.bench();
  await bench.addBuildpacks(...buildpacks);
  await bench.setOrder(buildpacks.map(({ id }) => id));
  await bench.analyzed();
  return bench;
}

const process1 = (type: string, more = "") => `[[processes]]\ntype = "${type}"\ncommand = ["x"]\n${more}`;

/** A build of three buildpacks, each of which notes its environment. */
const built = scene(async (lifecycle) => {
  const env = (name: string) =>
    note(name, 'echo "0=$0"; echo "PWD=$(pwd -P)"; env; echo; cat "$CNB_BP_PLAN_PATH"');
  const bench = await benchOf(lifecycle, [
    {
      id: "t/a",
      detect: plan("x y", ""),
      build: [
        env("a"),
        layer("one", "build"),
        layer("two", "build cache"),
        layer("not", "launch"),
        ...["one", "two", "not"].flatMap((name) =>
          ["bin", "lib", "include", "pkgconfig"].map((folder) => put(`${name}/${folder}/x`, "x")),
        ),
        put("one/env/BP_MINE", "theirs"),
        put("one/env/USER_SET", "theirs"),
        put("one/env/OPERATOR_APPENDED", "theirs"),
        put("one/env/OPERATOR_DEFAULT", "theirs"),
        layer("scratch", ""),
        'printf "[metadata]\\n" > "$CNB_LAYERS_DIR/bare.toml"; mkdir "$CNB_LAYERS_DIR/bare"',
        put("build.toml", '[[unmet]]\nname = "y"\n'),
        launchToml(`${process1("web", "default = true")}\n[[slices]]\npaths = ["a/*"]`),
      ].join("\n"),
    },
    {
      id: "t/b",
      detect: plan("y", "x"),
      build: [
        env("b"),
        layer("own", "build"),
        put("own/bin/x", "x"),
        launchToml(`${process1("worker", 'exec-env = ["test"]')}\n[[slices]]\npaths = ["b/*"]`),
      ].join("\n"),
    },
    { id: "t/c", detect: plan("x y", "x y"), build: env("c"), toml: "clear-env = true" },
  ]);
  await bench.writeFiles({
    "platform/env/USER_SET": "mine",
    "platform/env/BP_MINE": "mine",
    "platform/env/PATH": "/users/bin",
    "build-config/env/OPERATOR": "given",
    "build-config/env/OPERATOR_DEFAULT": "given",
    "build-config/env/OPERATOR_APPENDED.append": "given",
    "build-config/env/OPERATOR_APPENDED.delim": "+",
    "build-config/env/USER_SET": "given",
  });
  const node = `${process.execPath.replace(/\/node$/, "")}:/usr/bin:/bin`;
  const given = {
    ...{ PATH: node, LD_LIBRARY_PATH: "/lib1", LIBRARY_PATH: "/lib2", CPATH: "/inc", PKG_CONFIG_PATH: "/pc" },
    ...{
      HOME: "/tmp",
      CNB_STACK_ID: "some.stack",
      CNB_REGISTRY_AUTH: '{"r":"secret"}',
      DOCKER_CONFIG: "/secret",
    },
    ...{ CNB_EXEC_ENV: "development", STRAY: "ours" },
  };
  await bench.phases(BUILD, { env: given });
  const read = async (name: string) => {
    const [variables = "", ...asked] = (await bench.note(name)).split("\n\n");
    const pairs = variables.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2));
    return { env: Object.fromEntries(pairs) as Record<string, string>, asked: asked.join("\n") };
  };
  return { bench, given, a: await read("a"), b: await read("b"), c: await read("c") };
});

const steps: readonly LifecycleCase[] = [
  {
    meets: ["builder/order", "build/next", "builder/buildpacks", "files/metadata"],
    run: async (lifecycle) => {
      const { bench } = await built(lifecycle);
      const written = tables((await bench.toml("layers/config/metadata.toml"))?.buildpacks);
      expect(written).toMatchObject(
        ["t/a", "t/b", "t/c"].map((id) => ({ id, version: "1.0.0", api: "0.12" })),
      );
      expect(existsSync(join(bench.root, "notes/c"))).toBe(true);
    },
  },
  {
    meets: ["builder/processes", "builder/default", "files/metadata-exec-env"],
    run: async (lifecycle) => {
      const { bench } = await built(lifecycle);
      const metadata = await bench.toml("layers/config/metadata.toml");
      expect(metadata).toMatchObject({
        "buildpack-default-process-type": "web",
        slices: [{ paths: ["a/*"] }, { paths: ["b/*"] }],
      });
      const processes = tables(metadata?.processes);
      expect(processes.find(({ type }) => type === "web")).toMatchObject({ "exec-env": ["*"] });
      expect(processes.find(({ type }) => type === "worker")).toMatchObject({ "exec-env": ["test"] });
    },
  },
  {
    meets: ["interface/build", "builder/target"],
    run: async (lifecycle) => {
      const { bench, a } = await built(lifecycle);
      const folder = join(bench.root, "buildpacks/t_a/1.0.0");
      expect(a.env).toMatchObject({
        ...{ 0: `${folder}/bin/build`, PWD: bench.app, CNB_BUILDPACK_DIR: folder },
        CNB_LAYERS_DIR: join(bench.layers, "t_a"),
        CNB_PLATFORM_DIR: join(bench.root, "platform"),
        CNB_EXEC_ENV: "development",
        CNB_BP_PLAN_PATH: expect.stringMatching(/^\//),
        ...{ CNB_TARGET_OS: "linux", CNB_TARGET_DISTRO_NAME: "debian", CNB_TARGET_DISTRO_VERSION: "12" },
      });
    },
  },
  {
    meets: ["build/plan", "build/unmet", "build/met"],
    run: async (lifecycle) => {
      const { a, b, c } = await built(lifecycle);
      const names = ({ asked }: { asked: string }) =>
        [...asked.matchAll(/name\s*=\s*"(\w)"/g)].map((m) => m[1]).sort();
      expect(names(a)).toEqual(["x", "x", "y"]);
      // Of what t/a was asked for, x is met by it and y is not; t/b meets that in turn.
      expect(names(b)).toEqual(["y"]);
      expect(names(c)).toEqual([]);
    },
  },
  {
    meets: ["build/fails", "builder/codes"],
    run: async (lifecycle) => {
      const bench = await benchOf(lifecycle, [
        { id: "t/a", build: "exit 3" },
        { id: "t/b", build: note("b", "echo ran") },
      ]);
      await bench.phases(["detector"]);
      expect((await bench.run("builder")).exitCode).toBe(51);
      expect(await bench.note("b")).toBe("");
      const odd = await benchOf(lifecycle, [{ id: "t/a", build: put("launch.toml", "not toml") }]);
      await odd.phases(["detector"]);
      const { exitCode } = await odd.run("builder");
      expect(exitCode === 50 || (exitCode >= 52 && exitCode <= 59)).toBe(true);
    },
  },
  {
    meets: ["buildpack-api/known", "interface/arguments"],
    run: async (lifecycle) => {
      for (const api of BUILDPACK_APIS) {
        const bench = await benchOf(lifecycle, [
          {
            ...{ id: "t/a", api },
            detect: `[ -d "$1/env" ] && printf '[[provides]]\\nname = "x"\\n[[requires]]\\nname = "x"\\n' > "$2"`,
            build: '[ -d "$2/env" ] && grep -q x "$3" && echo "$1" > "$2/../notes/said"',
          },
        ]);
        await bench.phases(BUILD);
        expect({ api, layers: await bench.note("said") }).toEqual({
          api,
          layers: `${join(bench.layers, "t_a")}\n`,
        });
      }
    },
  },
  {
    meets: ["buildpack-api/unknown"],
    run: async (lifecycle) => {
      const bench = await benchOf(lifecycle, [{ id: "t/a", api: "0.99" }]);
      expect((await bench.run("detector")).exitCode).toBe(12);
    },
  },
  {
    meets: ["ignored-layers/renamed", "layers/no-types"],
    run: async (lifecycle) => {
      const { bench } = await built(lifecycle);
      const at = (name: string) => existsSync(join(bench.layers, "t_a", name));
      expect(["scratch", "scratch.ignore", "bare", "bare.ignore", "two"].map(at)).toEqual([
        false,
        true,
        false,
        true,
        true,
      ]);
    },
  },
];

const environments: readonly LifecycleCase[] = [
  {
    meets: ["environment/home", "environment/stack-id", "environment/paths", "platform-variables/kept"],
    run: async (lifecycle) => {
      const { a, b, given } = await built(lifecycle);
      expect(a.env).toMatchObject({
        ...{ HOME: "/tmp", CNB_STACK_ID: "some.stack", PATH: `/users/bin:${given.PATH}` },
        ...{ LD_LIBRARY_PATH: "/lib1", LIBRARY_PATH: "/lib2", CPATH: "/inc", PKG_CONFIG_PATH: "/pc" },
      });
      expect(a.env.STRAY).toBeUndefined();
      expect(b.env).toMatchObject({ BP_MINE: "mine" });
    },
  },
  {
    meets: ["build-layers/later", "paths/build", "paths/order", "layers/types"],
    run: async (lifecycle) => {
      const { bench, b, c, given } = await built(lifecycle);
      const at = (path: string) => join(bench.layers, path);
      const both = (folder: string) => `${at("t_a/one")}/${folder}:${at("t_a/two")}/${folder}`;
      expect(c.env.PATH).toBe(`${at("t_b/own/bin")}:${both("bin")}:${given.PATH}`);
      expect(b.env).toMatchObject({
        ...{ LD_LIBRARY_PATH: `${both("lib")}:/lib1`, LIBRARY_PATH: `${both("lib")}:/lib2` },
        ...{ CPATH: `${both("include")}:/inc`, PKG_CONFIG_PATH: `${both("pkgconfig")}:/pc` },
      });
    },
  },
  {
    meets: ["environment/user-first", "platform-variables/set"],
    run: async (lifecycle) => {
      const { bench, b } = await built(lifecycle);
      expect(b.env.PATH?.startsWith(`/users/bin:${bench.layers}`)).toBe(true);
      expect(b.env.USER_SET).toBe("mine");
    },
  },
  {
    meets: ["platform-variables/clear"],
    run: async (lifecycle) => {
      const { c, bench } = await built(lifecycle);
      expect(c.env.BP_MINE).toBe("theirs");
      expect(c.env.PATH?.startsWith(bench.layers)).toBe(true);
      expect(c.env.OPERATOR).toBe("given");
    },
  },
  {
    meets: ["platform-variables/operator", "environment/operator-default", "environment/operator-last"],
    run: async (lifecycle) => {
      const { a, b } = await built(lifecycle);
      expect(a.env).toMatchObject({ OPERATOR: "given", OPERATOR_DEFAULT: "given", USER_SET: "mine" });
      expect(b.env).toMatchObject({ OPERATOR_DEFAULT: "theirs", OPERATOR_APPENDED: "theirs+given" });
    },
  },
  {
    meets: ["security/credentials"],
    run: async (lifecycle) => {
      const { a, b, c } = await built(lifecycle);
      expect(JSON.stringify([a, b, c])).not.toContain("secret");
    },
  },
];

/** Each rule in files of two layers and two buildpacks, as the last buildpack sees it. */
const ruled = scene(async (lifecycle) => {
  const files = (owner: string, layerName: string) =>
    (["env", "env.build"] as const).flatMap((folder) => {
      const value = `${owner}${layerName}${folder === "env" ? "1" : "2"}`;
      const file = (name: string, text = value) => put(`${layerName}/${folder}/${name}`, text);
      return [
        ...[file("APPENDED.append"), file("DEFAULTED.default"), file("SET"), file("FORCED.override")],
        ...[file("PREPENDED.prepend"), file("JOINED.append"), file("EVALUATED", "$HOME `id` 'x'  ")],
        ...(folder === "env" ? [file("JOINED.delim", layerName === "l" ? ":" : "+")] : []),
      ];
    });
  const build = (owner: string) =>
    [layer("l", "build"), layer("m", "build"), ...files(owner, "l"), ...files(owner, "m")].join("\n");
  const bench = await benchOf(lifecycle, [
    {
      id: "t/a",
      build: `${build("a")}\n${put("l/env/NAME.default.more", "x")}\n${put("l/env/PLAIN.append", "x")}`,
    },
    { id: "t/b", build: `${build("b")}\n${put("l/env/PLAIN.prepend", "y")}` },
    { id: "t/c", build: note("env", 'env; echo "EVALUATED=<$EVALUATED>"') },
  ]);
  await bench.phases(BUILD);
  return (await bench.note("env")).split("\n");
});

const rule = (id: string, ...lines: readonly string[]): LifecycleCase => ({
  meets: [id],
  run: async (lifecycle) => {
    expect(await ruled(lifecycle)).toEqual(expect.arrayContaining([...lines]));
  },
});

const rules: readonly LifecycleCase[] = [
  rule("rules/build", "SET=bm2", "PLAIN=yx"),
  rule("rules/append", "APPENDED=al1al2am1am2bl1bl2bm1bm2"),
  rule("rules/default", "DEFAULTED=al1"),
  rule("rules/override", "SET=bm2", "FORCED=bm2"),
  rule("rules/prepend", "PREPENDED=bm2bm1bl2bl1am2am1al2al1"),
  rule("rules/delimiter", "JOINED=al1:al2+am1+am2:bl1:bl2+bm1+bm2"),
  rule("rules/literal", "EVALUATED=<$HOME `id` 'x'  >"),
  {
    meets: ["rules/name"],
    run: async (lifecycle) => {
      const lines = await ruled(lifecycle);
      expect(lines.filter((line) => line.startsWith("NAME."))).toEqual([]);
    },
  },
];

export const buildCases: readonly LifecycleCase[] = [...steps, ...environments, ...rules];
