import { rm } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import type { Python } from "./base-pythons.ts";
import { findPip, providePipenv, providePoetry, provideUv } from "./packaging-tools.ts";
import type { PackageManager, PythonProject } from "./python-project.ts";
import { downloadCache, packagesEnv, pipCache, runPython } from "./run-python.ts";

export interface Installation {
  readonly python: Python;
  readonly project: PythonProject;
  /** A virtual environment that is empty. */
  readonly target: string;
}

type Installer = (context: BuildContext, installation: Installation) => Promise<void>;

/** Installs what the app's lock file, or the like, names. Throws a BuildFailure with what to do about it. */
export function installWith(context: BuildContext, installation: Installation): Promise<void> {
  return INSTALLERS[installation.project.manager](context, installation);
}

const INSTALLERS: Readonly<Record<PackageManager, Installer>> = {
  pip: (context, installation) => installByPip(context, installation, ["-r", "requirements.txt"]),
  project: (context, installation) => installByPip(context, installation, ["."]),
  uv: installByUv,
  poetry: installByPoetry,
  pipenv: installByPipenv,
};

async function installByPip(
  context: BuildContext,
  { python, target }: Installation,
  what: readonly string[],
): Promise<void> {
  const pip = await findPip(context, python);
  const cache = await pipCache(context);
  context.log.step(`Installing packages (pip install ${what.join(" ")})`);
  const options = ["--disable-pip-version-check", "--no-input", "--no-compile", "--progress-bar=off"];
  const into = [
    "--python",
    path.join(target, "bin", "python"),
    "install",
    ...options,
    `--cache-dir=${cache}`,
  ];
  const failure =
    what[0] === "-r"
      ? "pip could not install the packages of requirements.txt."
      : "pip could not install the app (pip install .).";
  await runPython(context, { command: pip.program, args: [...pip.args, ...into, ...what], failure });
  // setuptools leaves its work in the source.
  if (what[0] === ".") await rm(path.join(context.appDir, "build"), { recursive: true, force: true });
}

async function installByUv(context: BuildContext, { python, target }: Installation): Promise<void> {
  const uv = await provideUv(context, python);
  const index = context.env.UV_DEFAULT_INDEX ?? context.env.UV_INDEX_URL ?? context.env.PIP_INDEX_URL;
  context.log.step("Installing packages (uv sync --frozen --no-dev)");
  await runPython(context, {
    command: uv.program,
    args: ["sync", "--frozen", "--no-dev", "--no-progress", "--color=never", "--python", python.program],
    env: {
      UV_PROJECT_ENVIRONMENT: target,
      UV_CACHE_DIR: await downloadCache(context, "uv-cache"),
      UV_LINK_MODE: "copy",
      UV_PYTHON_DOWNLOADS: "never",
      ...(index === undefined ? {} : { UV_DEFAULT_INDEX: index }),
    },
    failure: "uv could not install the packages of uv.lock.",
    advice: ["If uv.lock is not of this pyproject.toml, renew and commit it: uv lock"],
  });
}

async function installByPoetry(context: BuildContext, { python, target }: Installation): Promise<void> {
  const poetry = await providePoetry(context, python);
  context.log.step("Installing packages (poetry install --only main)");
  await runPython(context, {
    command: poetry.program,
    args: ["install", "--only", "main", "--no-interaction", "--no-ansi"],
    env: {
      ...packagesEnv(context, target),
      POETRY_VIRTUALENVS_CREATE: "false",
      POETRY_CACHE_DIR: await downloadCache(context, "poetry-cache"),
      PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring",
    },
    failure: "Poetry could not install the packages of poetry.lock.",
    advice: ["If poetry.lock is not of this pyproject.toml, renew and commit it: poetry lock"],
  });
}

async function installByPipenv(context: BuildContext, { python, target }: Installation): Promise<void> {
  const pipenv = await providePipenv(context, python);
  context.log.step("Installing packages (pipenv install --deploy)");
  const mirror = context.env.PIPENV_PYPI_MIRROR ?? context.env.PIP_INDEX_URL;
  await runPython(context, {
    command: pipenv.program,
    args: ["install", "--deploy"],
    env: {
      ...packagesEnv(context, target),
      PIPENV_VERBOSITY: "-1",
      PIPENV_YES: "1",
      PIPENV_NOSPIN: "1",
      PIPENV_CACHE_DIR: await downloadCache(context, "pipenv-cache"),
      PIP_CACHE_DIR: await pipCache(context),
      NO_COLOR: "1",
      ...(mirror === undefined ? {} : { PIPENV_PYPI_MIRROR: mirror }),
    },
    failure: "Pipenv could not install the packages of Pipfile.lock.",
    advice: ["If Pipfile.lock is not of this Pipfile, renew and commit it: pipenv lock"],
  });
}
