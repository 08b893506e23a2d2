import { chmod, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyOperations, type EnvOperation } from "./env-operations.ts";
import { NO_CONTRIBUTION, readContribution } from "./launch-contribution.ts";
import type { LaunchProcess } from "./launch-metadata.ts";
import { makeLaunchScript } from "./launch-script.ts";
import { writeAll } from "./lifecycle-fixtures.ts";

let layers: string;
beforeEach(async () => {
  layers = await mkdtemp(join(tmpdir(), "contribution-"));
});
afterEach(() => rm(layers, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>) => writeAll(layers, files);
const WEB: LaunchProcess = {
  ...{ type: "web", command: ["serve"], args: [], direct: true, replaceArgs: true },
  ...{ workingDir: "", execEnv: [], buildpackId: "a/b" },
};

/** Reads buildpacks' layers, `[["a/1", "a/2"], ["b/1"]]`, as an export does. */
const read = (buildpacks: readonly (readonly string[])[]) =>
  Promise.all(
    buildpacks.map((names) => Promise.all(names.map((name) => readContribution(join(layers, name))))),
  );

/** What the variable is when the process starts, by the operations in the order a launch script has them. */
async function launched(
  buildpacks: readonly (readonly string[])[],
  type = "web",
): Promise<string | undefined> {
  const operations: EnvOperation[] = (await read(buildpacks))
    .flat()
    .flatMap(({ env }) => ["", type].flatMap((key) => env[key] ?? []));
  return applyOperations({}, operations).V;
}

describe("the launch environment (buildpack.md, Environment Variable Modification Rules)", () => {
  const rules: readonly [string, Record<string, string>, string][] = [
    [
      "Append: env, then env.launch, then the process's",
      { "env/V.append": "e", "env.launch/V.append": "l", "env.launch/web/V.append": "p" },
      "elp",
    ],
    [
      "Prepend: the process's, then env.launch, then env",
      { "env/V.prepend": "e", "env.launch/V.prepend": "l", "env.launch/web/V.prepend": "p" },
      "ple",
    ],
    [
      "Override: the process's wins over env.launch",
      { "env.launch/V": "l", "env.launch/web/V": "p", "env/V": "e" },
      "p",
    ],
    [
      "Override: env.launch wins over env",
      { "env.launch/V": "l", "env/V": "e", "env.launch/worker/V": "w" },
      "l",
    ],
    ["Default: env wins over env.launch", { "env.launch/V.default": "l", "env/V.default": "e" }, "e"],
    [
      "Default: env.launch wins over the process's",
      { "env.launch/web/V.default": "p", "env.launch/V.default": "l" },
      "l",
    ],
    [
      "Delimiter: of another folder of the layer",
      { "env/V.append": "e", "env.launch/web/V.append": "p", "env/V.delim": "-" },
      "e-p",
    ],
    ["env.build is not for launches", { "env.build/V": "b", "env/V.default": "e" }, "e"],
  ];
  it.each(rules)("%s", async (_, files, expected) => {
    const named = Object.entries(files).map(([name, text]) => [`a/1/${name}`, text] as const);
    await write(Object.fromEntries(named));
    expect(await launched([["a/1"]])).toBe(expected);
  });

  it("Delimiter: all operations of a layer come before the next layer's, with its own delimiter", async () => {
    await write({
      "a/1/env/V.append": "1",
      "a/1/env/V.delim": ":",
      "a/2/env/V.append": "2",
      "a/2/env/V.delim": ";",
    });
    expect(await launched([["a/1", "a/2"]])).toBe("1;2");
  });
});

describe("what a layer adds to launches", () => {
  it("is nothing for a layer of plain files, an empty one, and one that is a file", async () => {
    await write({ "a/plain/file": "x", "a/file": "x" });
    await mkdir(join(layers, "a/empty"));
    for (const name of ["a/plain", "a/empty", "a/file", "a/none"])
      expect(await readContribution(join(layers, name))).toEqual(NO_CONTRIBUTION);
  });

  it("Layer Paths: launch has PATH and LD_LIBRARY_PATH only", async () => {
    await write({ "a/1/bin/x": "", "a/1/lib/x": "", "a/1/include/x": "", "a/1/pkgconfig/x": "" });
    const { paths } = await readContribution(join(layers, "a/1"));
    expect(paths.map(({ name, action, value }) => [name, action, value])).toEqual([
      ["PATH", "prepend", join(layers, "a/1/bin")],
      ["LD_LIBRARY_PATH", "prepend", join(layers, "a/1/lib")],
    ]);
  });

  it("follows links to folders of a process type, as builds make them to share files", async () => {
    await write({ "a/1/env.launch/web/V": "v", "a/1/exec.d/web/x": "" });
    await symlink("web", join(layers, "a/1/env.launch/worker"));
    await symlink("web", join(layers, "a/1/exec.d/worker"));
    const { env, execD } = await readContribution(join(layers, "a/1"));
    expect(env.worker).toEqual(env.web);
    expect(execD.worker).toEqual([join(layers, "a/1/exec.d/worker/x")]);
  });

  it("Launcher, Execution: programs of every process come first, then the process's, each by build, layer and name", async () => {
    const files = [
      "a/2/exec.d/10",
      "a/1/exec.d/20",
      "a/1/exec.d/10",
      "a/1/exec.d/web/00",
      "b/0/exec.d/10",
      "b/0/exec.d/web/00",
      "b/0/exec.d/worker/00",
    ];
    await write(Object.fromEntries(files.map((name) => [name, "#!/bin/sh\n"])));
    for (const name of files) await chmod(join(layers, name), 0o755);
    const script = makeLaunchScript(await read([["a/1", "a/2"], ["b/0"]]), WEB);
    const order = [...script.matchAll(/^_cnb_exec_d (.*)$/gm)].map(([, path]) =>
      path?.slice(layers.length + 1),
    );
    expect(order).toEqual([
      "a/1/exec.d/10",
      "a/1/exec.d/20",
      "a/2/exec.d/10",
      "b/0/exec.d/10",
      "a/1/exec.d/web/00",
      "b/0/exec.d/web/00",
    ]);
  });

  it("Launcher, Execution: profile scripts have the same order", async () => {
    const files = ["a/1/profile.d/web/z.sh", "a/1/profile.d/z.sh", "b/0/profile.d/a.sh"];
    await write(Object.fromEntries(files.map((name) => [name, ""])));
    const script = makeLaunchScript(await read([["a/1"], ["b/0"]]), { ...WEB, direct: false });
    const order = [...script.matchAll(/\/(\w+\/\w+\/profile\.d\/\S*\.sh)/g)].map(([, path]) => path);
    expect(order).toEqual(["a/1/profile.d/z.sh", "b/0/profile.d/a.sh", "a/1/profile.d/web/z.sh"]);
  });
});
