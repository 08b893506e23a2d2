import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { contentKey } from "../../shared/content-key.ts";
import { clearLayer, type Layer, openLayer, saveLayer, setLaunchEnv } from "../../shared/layer-folder.ts";
import { addWebConcurrency } from "../../shared/web-concurrency.ts";
import type { Python } from "./base-pythons.ts";
import { installWith } from "./install-with.ts";
import { lockInputs } from "./lock-inputs.ts";
import type { PythonProject } from "./python-project.ts";
import { runPython } from "./run-python.ts";

/** Packages that decide how an app is started; which of them are there is kept with the layer. */
const TELLING = [
  ...["daphne", "django", "fastapi", "fastapi-cli", "flask", "gunicorn", "hypercorn", "uvicorn", "waitress"],
];

export interface InstalledPackages {
  /** The virtual environment; its folder is only there when it was installed now or is kept. */
  readonly dir: string;
  readonly names: ReadonlySet<string>;
}

export interface PackagesUse {
  readonly python: Python;
  readonly project: PythonProject;
  /** Whether the build itself uses the packages: then they are kept for the next one. */
  readonly used: boolean;
}

/** The layer is a virtual environment; the same lock file on the same Python uses that of the last build. */
export async function providePackages(context: BuildContext, use: PackagesUse): Promise<InstalledPackages> {
  const { python, project, used } = use;
  const { parts, local } = await lockInputs(project);
  const layer = await openLayer(context.layersDir, "packages");
  const key = contentKey(project.manager, ...parts, python.version, python.program, String(used));
  const same = layer.metadata?.key === key && layer.metadata.buildpack === context.version;
  let names: readonly string[];
  if (!local && same && (!used || layer.restored)) {
    context.log.detail("Using the packages of the last build");
    names = String(layer.metadata?.installed ?? "").split(" ");
  } else {
    await install(context, { ...use, layer });
    names = await tellingPackages(layer);
  }
  const metadata = { key, buildpack: context.version, installed: names.join(" ") };
  await saveLayer(layer, { launch: true, cache: used }, metadata);
  return { dir: layer.dir, names: new Set(names) };
}

async function install(
  context: BuildContext,
  { python, project, layer }: PackagesUse & { readonly layer: Layer },
): Promise<void> {
  await clearLayer(layer);
  await runPython(context, {
    command: python.program,
    args: ["-m", "venv", "--without-pip", layer.dir],
    failure: "The virtual environment could not be made.",
  });
  await installWith(context, { python, project, target: layer.dir });
  // Compiled by content, not by time: the same packages are the same bytes.
  const compile = ["-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"];
  await runPython(context, {
    command: path.join(layer.dir, "bin", "python"),
    args: [...compile, path.join(layer.dir, "lib")],
    failure: "The packages could not be compiled.",
    good: [0, 1],
  });
  await setLaunchEnv(layer, { name: "VIRTUAL_ENV", operation: "override", value: layer.dir });
  await setLaunchEnv(layer, { name: "PYTHONUNBUFFERED", operation: "default", value: "1" });
  await addWebConcurrency(context, layer);
}

async function tellingPackages(layer: Layer): Promise<readonly string[]> {
  const lib = path.join(layer.dir, "lib");
  const [line = ""] = await readdir(lib);
  const site = path.join(lib, line, "site-packages");
  const entries = existsSync(site) ? await readdir(site) : [];
  const names = entries.flatMap((entry) => /^(.+?)-[^-]+\.dist-info$/.exec(entry)?.[1] ?? []);
  const found = new Set(names.map((name) => name.toLowerCase().replace(/[-_.]+/g, "-")));
  return TELLING.filter((name) => found.has(name));
}
