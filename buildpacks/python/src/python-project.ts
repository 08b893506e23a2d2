import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { BuildFailure } from "../../shared/build-failure.ts";
import type { PythonStatements } from "./python-version.ts";

/** What installs the packages. `project` is pip with the app itself (`pip install .`), for lack of a lock file. */
export type PackageManager = "pip" | "uv" | "poetry" | "pipenv" | "project";

/** Files of people; a lock file may be larger. */
const LONGEST_FILE = 1024 * 1024;
const LONGEST_LOCK = 64 * 1024 * 1024;

/** What is read of an app before anything is installed. */
export interface PythonProject {
  readonly appDir: string;
  /** Names at the top of the app: files and links. */
  readonly files: ReadonlySet<string>;
  readonly manager: PackageManager;
  /** Texts of pyproject.toml, Pipfile and the lock file, where they are. */
  readonly pyproject?: string | undefined;
  readonly pipfile?: string | undefined;
  readonly lock?: string | undefined;
  readonly stated: PythonStatements;
  readonly warnings: readonly string[];
}

const LOCKS: Readonly<Record<string, PackageManager>> = {
  "requirements.txt": "pip",
  "uv.lock": "uv",
  "poetry.lock": "poetry",
  "Pipfile.lock": "pipenv",
};
const NAMES = { pip: "pip", uv: "uv", poetry: "Poetry", pipenv: "Pipenv", project: "pip" } as const;

/**
 * Which package manager the files at the top of an app ask for. Files of two are refused, as Heroku's buildpack does:
 * whichever were taken, the other's packages would be missing without a word.
 */
export function chooseManager(files: ReadonlySet<string>): PackageManager {
  const found = Object.keys(LOCKS).filter((name) => files.has(name));
  if (found.length > 1) throw twoManagers(found);
  const [only = ""] = found;
  const manager = LOCKS[only];
  if (manager !== undefined) return manager;
  if (files.has("Pipfile")) {
    throw new BuildFailure(
      "There is a Pipfile but no Pipfile.lock, so nothing says which versions to install.",
      ["Make one and commit it: pipenv lock && git add Pipfile.lock"],
    );
  }
  if (files.has("pyproject.toml") || files.has("setup.py")) return "project";
  throw new BuildFailure("Nothing says which packages the app needs.", [
    "Add a requirements.txt, which may be empty, or the lock file of uv, Poetry or Pipenv.",
  ]);
}

function twoManagers(found: readonly string[]): BuildFailure {
  const lines = found.map((name) => {
    const others = found.filter((other) => other !== name);
    return `To use ${NAMES[LOCKS[name] ?? "pip"]}, keep ${name} and delete: git rm ${others.join(" ")}`;
  });
  return new BuildFailure(
    `The app has files of ${found.length} package managers: ${found.join(", ")}. Which one is meant cannot be told.`,
    lines,
  );
}

/** Reads the app's files. Throws a BuildFailure for those that cannot be meant. */
export async function readProject(appDir: string): Promise<PythonProject> {
  const files = new Set(await readdir(appDir));
  const manager = chooseManager(files);
  const read = (name: string, most = LONGEST_FILE) =>
    files.has(name) ? readBounded(appDir, name, most) : Promise.resolve(undefined);
  const lockName = Object.keys(LOCKS).find((name) => manager !== "pip" && LOCKS[name] === manager);
  const [pyproject, pipfile, lock] = [
    await read("pyproject.toml"),
    await read("Pipfile"),
    lockName && (await read(lockName, LONGEST_LOCK)),
  ];
  const tables = pyproject === undefined ? {} : readToml("pyproject.toml", pyproject);
  const pipenv = manager === "pipenv" && pipfile !== undefined ? readToml("Pipfile", pipfile) : {};
  const stated = {
    versionFile: await read(".python-version"),
    runtimeFile: await read("runtime.txt"),
    pipfileFull: text(at(pipenv, "requires", "python_full_version")),
    pipfile: text(at(pipenv, "requires", "python_version")),
    requiresPython: text(at(tables, "project", "requires-python")),
    poetry: text(at(tables, "tool", "poetry", "dependencies", "python")),
  };
  if (manager === "project") checkInstallable(files, tables);
  return { appDir, files, manager, pyproject, pipfile, lock, stated, warnings: warningsOf(files, manager) };
}

async function readBounded(appDir: string, name: string, most: number): Promise<string> {
  const file = path.join(appDir, name);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) {
    throw new BuildFailure(`${name} is no file that can be read.`, [`Make ${name} an ordinary file.`]);
  }
  if (found.size > most) {
    throw new BuildFailure(`${name} has ${found.size} bytes; more than ${most} are not read.`, [
      `Is this the file that was meant? Make ${name} smaller.`,
    ]);
  }
  return readFile(file, "utf8");
}

type Table = Readonly<Record<string, unknown>>;

function readToml(name: string, content: string): Table {
  try {
    return parse(content);
  } catch (thrown) {
    const [reason] = (thrown as Error).message.split("\n");
    const { line } = thrown as { readonly line?: number };
    const where = line === undefined ? "" : `, line ${line}`;
    throw new BuildFailure(`${name} cannot be read${where}: ${reason}`, [
      "Correct it, commit, and push again.",
    ]);
  }
}

/** The value at a path of tables; undefined when there is none. */
function at(table: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Table)[key] : undefined),
    table,
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function checkInstallable(files: ReadonlySet<string>, tables: Table): void {
  if (files.has("setup.py") || tables.project || tables["build-system"] || at(tables, "tool", "poetry"))
    return;
  throw new BuildFailure("pyproject.toml has no [project] table, so it names no packages to install.", [
    "Add a requirements.txt, which may be empty, or to pyproject.toml:",
    '  [project]\n  name = "app"\n  version = "1"\n  dependencies = ["flask"]',
  ]);
}

function warningsOf(files: ReadonlySet<string>, manager: PackageManager): readonly string[] {
  const warnings: string[] = [];
  if (files.has("runtime.txt")) {
    const instead = files.has(".python-version")
      ? "Delete it: .python-version counts."
      : "Write .python-version with the number alone, for example 3.13, and delete runtime.txt.";
    warnings.push(`runtime.txt is an old form. ${instead}`);
  }
  if (manager === "pip" && files.has("Pipfile")) {
    warnings.push("Pipfile has no Pipfile.lock and is passed over; packages come from requirements.txt.");
  }
  const conda = ["environment.yml", "environment.yaml"].find((name) => files.has(name));
  if (conda !== undefined) {
    warnings.push(
      `conda is not supported: ${conda} is passed over. What it names must be in the other files, too.`,
    );
  }
  if (manager === "project") {
    const lock = files.has("pyproject.toml")
      ? "uv lock && git add uv.lock"
      : "pip freeze > requirements.txt && git add requirements.txt";
    warnings.push(
      `There is no lock file, so every build installs the newest versions that fit, and the next may differ. Make one: ${lock}`,
    );
  }
  return warnings;
}
