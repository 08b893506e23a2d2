import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, realpath } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { contentKey } from "../../shared/content-key.ts";
import { writeLaunchFile } from "../../shared/launch-file.ts";
import {
  clearLayer,
  keepCaches,
  type Layer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { readTool, runTool } from "../../shared/run-tool.ts";
import { addWebConcurrency } from "../../shared/web-concurrency.ts";
import { type BasePython, choosePython, compareVersions, pythonRequirement } from "./python-version.ts";
import { readRequirements } from "./requirement-files.ts";

/** The oldest pip that installs into another environment than its own (`--python`), by its first number. */
const OLDEST_PIP = 23;

/** Builds a Python app: the base's Python, and a virtual environment with the packages of requirements.txt. */
export async function build(context: BuildContext): Promise<void> {
  const { log } = context;
  log.step("Python app detected");
  const python = await findPython(context);
  await provideEnvironment(context, python);
  await keepCaches(context.layersDir, ["pip-cache", "pip-tool"]);
  await writeLaunchFile(context.layersDir, { processes: [] });
  if (!existsSync(path.join(context.appDir, "Procfile"))) {
    log.warn(
      "The app says nowhere how it starts. Add a Procfile, for example with the line:\n  web: gunicorn app:app --bind [::]:$PORT",
    );
  }
}

async function findPython(context: BuildContext): Promise<BasePython> {
  const { log } = context;
  const read = pythonRequirement({
    versionFile: await readIfThere(context, ".python-version"),
    runtimeFile: await readIfThere(context, "runtime.txt"),
  });
  if (!read.ok) {
    throw new BuildFailure(`"${read.text}" is no Python version (${read.statedIn}).`, [
      "Write it as 3.11 or 3.11.2.",
    ]);
  }
  const available = await basePythons(context);
  const chosen = choosePython(read.parts, available);
  if (!chosen) throw notToBeHad(read, available);
  const { python, exact } = chosen;
  if (read.statedIn === undefined)
    log.detail(
      `No version asked for; using the base's Python ${python.version}. Set .python-version to choose.`,
    );
  else if (exact) log.detail(`Using Python ${python.version}, as ${read.statedIn} asks`);
  else
    log.warn(
      `Python ${read.parts.join(".")} (${read.statedIn}) is not to be had here; using ${python.version} of the same line.`,
    );
  return python;
}

function notToBeHad(
  read: { readonly parts: readonly number[]; readonly statedIn?: string },
  available: readonly BasePython[],
): BuildFailure {
  if (available.length === 0) {
    return new BuildFailure("This machine's base has no Python 3.", [
      "The operator installs it: apt-get install python3 python3-venv python3-pip",
    ]);
  }
  const versions = available.map(({ version }) => version).join(", ");
  return new BuildFailure(`Python ${read.parts.join(".")} (${read.statedIn}) is not to be had here.`, [
    `Versions that are: ${versions}. Change ${read.statedIn}, or have the operator install another Python on the base.`,
  ]);
}

/** Every CPython 3 below /usr/bin, newest first. */
async function basePythons(context: BuildContext): Promise<readonly BasePython[]> {
  const names = (await readdir("/usr/bin").catch(() => [])).filter((name) => /^python3(\.\d+)?$/.test(name));
  const places = names.map((name) => realpath(path.join("/usr/bin", name)).catch(() => ""));
  const found = new Map<string, BasePython>();
  for (const program of new Set(await Promise.all(places))) {
    if (program === "") continue;
    const version = await readTool({
      command: program,
      args: ["-c", "import platform; print(platform.python_version())"],
      cwd: "/",
      env: context.env,
      signal: context.signal,
    }).catch(() => "");
    const clean = version.trim();
    if (/^\d+\.\d+\.\d+$/.test(clean) && !found.has(clean)) found.set(clean, { program, version: clean });
  }
  return [...found.values()].sort((a, b) => compareVersions(b.version, a.version));
}

/** The layer is the virtual environment; the same requirements on the same Python use that of the last build. */
async function provideEnvironment(context: BuildContext, python: BasePython): Promise<void> {
  const { parts, local } = await readRequirements(context.appDir);
  const layer = await openLayer(context.layersDir, "packages");
  const metadata = {
    key: contentKey(...parts, python.version, python.program),
    buildpack: context.version,
  };
  if (!local && sameMetadata(layer, metadata)) {
    context.log.detail("Using the packages of the last build");
  } else {
    await install(context, python, layer);
  }
  await saveLayer(layer, { launch: true }, metadata);
}

async function install(context: BuildContext, python: BasePython, layer: Layer): Promise<void> {
  const { log } = context;
  await clearLayer(layer);
  await run(
    context,
    python.program,
    ["-m", "venv", "--without-pip", layer.dir],
    "The virtual environment could not be made.",
  );
  const pip = await findPip(context, python);
  const cache = await openLayer(context.layersDir, "pip-cache");
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  log.step("Installing packages (pip install -r requirements.txt)");
  const options = [
    "--disable-pip-version-check",
    "--no-input",
    "--no-compile",
    "--progress-bar=off",
    `--cache-dir=${cache.dir}`,
  ];
  const args = [
    ...pip.args,
    "--python",
    path.join(layer.dir, "bin", "python"),
    "install",
    ...options,
    "-r",
    "requirements.txt",
  ];
  await run(context, pip.program, args, "pip could not install the packages of requirements.txt.");
  await run(
    context,
    path.join(layer.dir, "bin", "python"),
    ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", path.join(layer.dir, "lib")],
    "The packages could not be compiled.",
    [0, 1],
  );
  await addLaunchSettings(context, layer);
}

interface Pip {
  readonly program: string;
  readonly args: readonly string[];
}

/** The base's pip, else the one that the base's ensurepip brings, in a folder of the build. */
async function findPip(context: BuildContext, python: BasePython): Promise<Pip> {
  const works = async (program: string, args: readonly string[]) =>
    await readTool({
      command: program,
      args: [...args, "--version"],
      cwd: "/",
      env: context.env,
      signal: context.signal,
    }).then(
      (text) => Number(/^pip (\d+)\./.exec(text)?.[1] ?? 0) >= OLDEST_PIP,
      () => false,
    );
  if (await works(python.program, ["-m", "pip"])) return { program: python.program, args: ["-m", "pip"] };
  const tools = await openLayer(context.layersDir, "pip-tool");
  const program = path.join(tools.dir, "bin", "python");
  if (!tools.restored || !(await works(program, ["-m", "pip"]))) {
    await clearLayer(tools);
    await run(context, python.program, ["-m", "venv", tools.dir], "pip is not on this machine's base.").catch(
      () => {
        throw new BuildFailure("pip is not on this machine's base.", [
          "The operator installs it: apt-get install python3-pip python3-venv",
        ]);
      },
    );
  }
  await saveLayer(tools, { cache: true }, { version: python.version });
  return { program, args: ["-m", "pip"] };
}

async function addLaunchSettings(context: BuildContext, layer: Layer): Promise<void> {
  await setLaunchEnv(layer, { name: "VIRTUAL_ENV", operation: "override", value: layer.dir });
  await setLaunchEnv(layer, { name: "PYTHONUNBUFFERED", operation: "default", value: "1" });
  await addWebConcurrency(context, layer);
}

async function run(
  context: BuildContext,
  ...[command, args, failure, good = [0]]: [string, readonly string[], string, (readonly number[])?]
): Promise<void> {
  const env = { ...context.env, PYTHONDONTWRITEBYTECODE: "1", PYTHONHASHSEED: "0" };
  const { appDir: cwd, log, signal } = context;
  const code = await runTool({ command, args, cwd, env, log, signal });
  if (!good.includes(code))
    throw new BuildFailure(failure, [`It ended with status ${code}; see its output above.`]);
}

function readIfThere({ appDir }: BuildContext, name: string): Promise<string | undefined> {
  return readFile(path.join(appDir, name), "utf8").catch(() => undefined);
}
