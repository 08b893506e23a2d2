import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { readTool } from "../../shared/run-tool.ts";
import type { Python } from "./base-pythons.ts";
import { pipCache, runPython } from "./run-python.ts";

/** The oldest pip that installs into another environment than its own (`--python`), by its first number. */
const OLDEST_PIP = 23;

/** uv is pinned with the SHA-256 of its wheels for x86_64 and aarch64, as PyPI states them. */
const UV = {
  version: "0.13.9",
  hashes: [
    "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
  ],
} as const;

/**
 * What is asked for of the others. They run in the build only and are never in an image; the newest up to this version
 * that the app's Python can run is taken.
 */
const POETRY = "poetry<=2.5.1";
const PIPENV = "pipenv<=2026.10.3";

export interface Tool {
  readonly program: string;
  readonly args: readonly string[];
}

/** The base's pip, else the one that Python's ensurepip brings, in a folder of the build. */
export async function findPip(context: BuildContext, python: Python): Promise<Tool> {
  const { env, signal } = context;
  const args = ["-m", "pip"];
  const works = async (command: string) =>
    await readTool({ command, args: [...args, "--version"], cwd: "/", env, signal }).then(
      (text) => Number(/^pip (\d+)\./.exec(text)?.[1] ?? 0) >= OLDEST_PIP,
      () => false,
    );
  if (await works(python.program)) return { program: python.program, args };
  const tools = await openLayer(context.layersDir, "pip-tool");
  const program = path.join(tools.dir, "bin", "python");
  const metadata = { version: python.version };
  if (!tools.restored || !sameMetadata(tools, metadata) || !(await works(program))) {
    await clearLayer(tools);
    await runPython(context, {
      command: python.program,
      args: ["-m", "venv", tools.dir],
      failure: "pip is not on this machine's base.",
    }).catch(() => {
      throw new BuildFailure("pip is not on this machine's base.", [
        "The operator installs it: apt-get install python3-pip python3-venv",
      ]);
    });
  }
  await saveLayer(tools, { cache: true }, metadata);
  return { program, args };
}

/** uv, in a cached layer; its wheel must have one of the pinned hashes, whatever index it comes from. */
export async function provideUv(context: BuildContext, python: Python): Promise<Tool> {
  const hashes = UV.hashes.map((hash) => `--hash=sha256:${hash}`);
  const dir = await provideTool(context, python, {
    name: "uv",
    lines: [`uv==${UV.version} ${hashes.join(" ")}`],
  });
  return { program: path.join(dir, "bin", "uv"), args: [] };
}

export async function providePoetry(context: BuildContext, python: Python): Promise<Tool> {
  const dir = await provideTool(context, python, { name: "poetry", lines: [POETRY] });
  return { program: path.join(dir, "bin", "poetry"), args: [] };
}

export async function providePipenv(context: BuildContext, python: Python): Promise<Tool> {
  const dir = await provideTool(context, python, { name: "pipenv", lines: [PIPENV] });
  return { program: path.join(dir, "bin", "pipenv"), args: [] };
}

/** A virtual environment with a tool, in a layer `<name>-tool` that only builds see; gives its folder. */
async function provideTool(
  context: BuildContext,
  python: Python,
  { name, lines }: { readonly name: string; readonly lines: readonly string[] },
): Promise<string> {
  const layer = await openLayer(context.layersDir, `${name}-tool`);
  const metadata = { asked: lines.join("\n"), python: python.version, program: python.program };
  if (!layer.restored || !sameMetadata(layer, metadata)) {
    context.log.step(`Installing ${name}`);
    await clearLayer(layer);
    const failure = `${name} could not be installed from the package index.`;
    const made = ["-m", "venv", "--without-pip", layer.dir];
    await runPython(context, { command: python.program, args: made, failure });
    const pip = await findPip(context, python);
    const file = path.join(layer.dir, "asked.txt");
    await writeFile(file, `${lines.join("\n")}\n`);
    const into = ["--python", path.join(layer.dir, "bin", "python"), "install"];
    const options = ["--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar=off"];
    const args = [...pip.args, ...into, ...options, `--cache-dir=${await pipCache(context)}`, "-r", file];
    await runPython(context, { command: pip.program, args, failure });
  }
  await saveLayer(layer, { cache: true }, metadata);
  return layer.dir;
}
