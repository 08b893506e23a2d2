import { isUtf8 } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";

/** What an environment file does to its variable (Buildpack API 0.12, "Environment Variable Modification Rules"). */
export interface EnvOperation {
  readonly name: string;
  readonly action: "append" | "default" | "override" | "prepend";
  readonly value: string;
  /** Stands between two values that are joined. */
  readonly delimiter: string;
}

const ACTIONS = ["append", "default", "override", "prepend"];

/** Variables that hold paths of layers: folder of the layer → variables. */
export const BUILD_PATHS: Readonly<Record<string, readonly string[]>> = {
  bin: ["PATH"],
  lib: ["LD_LIBRARY_PATH", "LIBRARY_PATH"],
  include: ["CPATH"],
  pkgconfig: ["PKG_CONFIG_PATH"],
};
export const LAUNCH_PATHS: Readonly<Record<string, readonly string[]>> = {
  bin: ["PATH"],
  lib: ["LD_LIBRARY_PATH"],
};

type Files = Readonly<Record<string, string>>;

/**
 * The operations of the files of one folder, by file name. A name's suffix after the first `.` is the action. A
 * delimiter that the folder does not name is taken from `others`, the other folders of the same layer.
 */
export function readOperations(
  files: Files,
  {
    unsuffixed = "override",
    others = [],
  }: { unsuffixed?: EnvOperation["action"]; others?: readonly Files[] } = {},
): EnvOperation[] {
  const delimiterOf = (name: string) =>
    [files, ...others].map((folder) => folder[`${name}.delim`]).find((text) => text !== undefined) ?? "";
  return Object.keys(files)
    .sort(byCodeUnits)
    .flatMap((file) => {
      const dot = file.indexOf(".");
      const name = dot === -1 ? file : file.slice(0, dot);
      const action = dot === -1 ? unsuffixed : file.slice(dot + 1);
      if (!ACTIONS.includes(action) || name === "") return [];
      const value = files[file] ?? "";
      return [
        {
          name,
          action: action as EnvOperation["action"],
          value,
          delimiter: delimiterOf(name),
        },
      ];
    });
}

/** The variable's value after an operation. */
export function applyOperation(current: string | undefined, operation: EnvOperation): string {
  const { action, value, delimiter } = operation;
  if (action === "override") return value;
  if (!current) return value;
  if (action === "default") return current;
  return action === "append" ? current + delimiter + value : value + delimiter + current;
}

export function applyOperations(
  env: Readonly<Record<string, string>>,
  operations: readonly EnvOperation[],
): Record<string, string> {
  const result = { ...env };
  for (const operation of operations)
    result[operation.name] = applyOperation(result[operation.name], operation);
  return result;
}

/**
 * Values of variables: the files directly in a folder, by name; folders in it are left out. Empty when there is no such
 * folder. Throws for a value that no variable can hold unchanged.
 */
export async function readVariables(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of await filesIn(folder)) {
    const bytes = await readFile(path);
    if (!isUtf8(bytes) || bytes.includes(0))
      throw new Error(`${path} is not text in UTF-8, so it cannot be the value of a variable`);
    files[basename(path)] = bytes.toString("utf8");
  }
  return files;
}

/** Paths of the files directly in a folder, in the order of their names; folders in it are left out. */
export async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) files.push(path);
  }
  return files;
}

/** The names in a folder in the order of their code units, whatever the locale; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort(byCodeUnits);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw thrown;
  }
}

export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
