import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, runProgram, writeFiles } from "./buildpack-fixtures.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
  await writeFiles(folder.at, {
    "pack/buildpack.toml": '[buildpack]\nid = "a/b"\nversion = "1.2.3"\n',
    "app/x": "",
  });
});
afterEach(() => folder.remove());

/** Runs a build function as bin/build runs it. */
async function run(body: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const shared = (name: string) => path.join(import.meta.dirname, name);
  const program = path.join(folder.at, "pack", "bin", "build.mts");
  await writeFiles(folder.at, {
    "pack/bin/build.mts":
      `import { runBuild } from ${JSON.stringify(shared("build-context.ts"))};\n` +
      `import { BuildFailure } from ${JSON.stringify(shared("build-failure.ts"))};\n` +
      `void BuildFailure;\nawait runBuild(async (context) => {\n${body}\n});\n`,
  });
  const given = { PATH: process.env.PATH, ...env };
  return runProgram(process.execPath, [program, ...args], { cwd: path.join(folder.at, "app"), env: given });
}

const SHOW = `context.log.detail([context.appDir, context.layersDir, context.buildpackDir, context.version].join(" "));`;

describe("bin/build", () => {
  it("learns its folders from its arguments and its own place", async () => {
    const { code, output } = await run(SHOW, ["../layers", "platform", "plan"]);
    const at = (name: string) => path.join(folder.at, name);
    expect(output).toBe(`       ${at("app")} ${at("layers")} ${at("pack")} 1.2.3\n`);
    expect(code).toBe(0);
  });

  it("learns them from CNB variables first", async () => {
    const env = { CNB_LAYERS_DIR: "/elsewhere/layers", CNB_BUILDPACK_DIR: path.join(folder.at, "pack") };
    const { output } = await run(SHOW, [], env);
    expect(output).toContain(" /elsewhere/layers ");
  });

  it("cannot do without layers", async () => {
    const { code, output } = await run(SHOW, []);
    expect([code, output]).toEqual([
      1,
      "\n !     bin/build got no layers folder.\n !     A lifecycle passes it as the first argument or in CNB_LAYERS_DIR.\n",
    ]);
  });

  it("ends with 1, the message and what to do, when the build cannot go on", async () => {
    const { code, output } = await run(`throw new BuildFailure("It failed.", ["Do this."]);`, ["layers"]);
    expect([code, output]).toEqual([1, "\n !     It failed.\n !     Do this.\n"]);
  });

  it("owns up to failures of its own", async () => {
    const { code, output } = await run(`throw new TypeError("odd");`, ["layers"]);
    expect(code).toBe(1);
    expect(output).toContain(" !     The buildpack itself failed; this is not the app's fault.\n");
    expect(output).toContain("TypeError: odd");
  });

  it("stops on SIGTERM", async () => {
    const body = `const busy = setInterval(() => {}, 1_000);
      process.kill(process.pid, "SIGTERM");
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      clearInterval(busy);
      throw new Error("aborted");`;
    const { code, output } = await run(body, ["layers"]);
    expect([code, output]).toEqual([1, " !     The build was stopped.\n"]);
  });
});
