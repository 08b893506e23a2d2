import { isAtLeast } from "./api-versions.ts";
import { supportsExecEnv } from "./buildpack-descriptor.ts";
import { type TomlTable, table, tables, text, texts } from "./toml-files.ts";

/** A process type, as `metadata.toml` and the build label name it. */
export interface LaunchProcess {
  readonly type: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Run as it is; otherwise by a shell, after profile scripts (buildpacks before API 0.9). */
  readonly direct: boolean;
  /** Arguments given at launch take the place of `args`; otherwise they follow them. */
  readonly replaceArgs: boolean;
  readonly workingDir: string;
  readonly execEnv: readonly string[];
  readonly buildpackId: string;
}

/** What one buildpack says about launching, in `launch.toml`. */
export interface LaunchFile {
  readonly processes: readonly LaunchProcess[];
  readonly defaultType: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Globs below the application folder, one list for each slice. */
  readonly slices: readonly (readonly string[])[];
}

/** Reads a `launch.toml`. Throws with what is wrong: it is the buildpack's mistake. */
export function readLaunch(file: TomlTable, buildpack: { id: string; api: string }): LaunchFile {
  const processes = tables(file.processes).map((entry) => readProcess(entry, buildpack));
  const types = processes.map(({ type }) => type);
  const twice = types.find((type, i) => types.indexOf(type) !== i);
  if (twice) throw new Error(`${buildpack.id} names the process type "${twice}" twice in launch.toml`);
  const defaults = tables(file.processes).filter((entry) => entry.default === true);
  if (defaults.length > 1)
    throw new Error(`${buildpack.id} marks two process types as default in launch.toml`);
  return {
    processes,
    defaultType: text(defaults[0]?.type),
    labels: Object.fromEntries(tables(file.labels).map((entry) => [text(entry.key), text(entry.value)])),
    slices: tables(file.slices).map((slice) => texts(slice.paths)),
  };
}

function readProcess(entry: TomlTable, { id, api }: { id: string; api: string }): LaunchProcess {
  const type = text(entry.type);
  if (!/^[A-Za-z0-9._-]+$/.test(type) || type === "." || type === "..")
    throw new Error(`${id}: a process type is letters, digits, ".", "_" and "-", not "${type}"`);
  const listed = isAtLeast(api, "0.9");
  const command = listed ? texts(entry.command) : [text(entry.command)];
  if (!command[0]) throw new Error(`${id}: the process type "${type}" has no command`);
  return {
    type,
    command,
    args: texts(entry.args),
    direct: listed || entry.direct === true,
    replaceArgs: listed,
    workingDir: text(entry["working-dir"]),
    execEnv: texts(entry["exec-env"]),
    buildpackId: id,
  };
}

/** What all buildpacks together say: later ones replace processes and labels of the same name. */
export function mergeLaunch(files: readonly LaunchFile[]): LaunchFile {
  const processes = new Map<string, LaunchProcess>();
  let defaultType = "";
  for (const file of files) {
    for (const process of file.processes) {
      processes.set(process.type, process);
      if (process.type === defaultType) defaultType = "";
    }
    if (file.defaultType) defaultType = file.defaultType;
  }
  return {
    processes: [...processes.values()],
    defaultType,
    labels: Object.assign({}, ...files.map(({ labels }) => labels)),
    slices: files.flatMap(({ slices }) => slices),
  };
}

/** `config/metadata.toml` (Platform API 0.15). */
export function metadataTable(
  launch: LaunchFile,
  buildpacks: readonly { id: string; version: string; api: string }[],
): object {
  return {
    ...(launch.defaultType ? { "buildpack-default-process-type": launch.defaultType } : {}),
    buildpacks: buildpacks.map(({ id, version, api }) => ({ id, version, api, optional: false })),
    processes: launch.processes.map((process) => ({
      ...processTable(process),
      "replace-args": process.replaceArgs,
    })),
    slices: launch.slices.map((paths) => ({ paths })),
    labels: Object.entries(launch.labels).map(([key, value]) => ({ key, value })),
  };
}

/** A process as the build label and `metadata.toml` write it. */
export function processTable(process: LaunchProcess): Record<string, unknown> {
  const { type, command, args, direct, workingDir, execEnv, buildpackId } = process;
  return {
    ...{ type, command, args, direct },
    ...(workingDir ? { "working-dir": workingDir } : {}),
    buildpackID: buildpackId,
    "exec-env": execEnv.length > 0 ? execEnv : ["*"],
  };
}

/** Reads back what `metadataTable` wrote. */
export function readMetadata(file: TomlTable): LaunchFile {
  const processes = tables(file.processes).map((entry) => ({
    type: text(entry.type),
    command: texts(entry.command),
    args: texts(entry.args),
    direct: entry.direct === true,
    replaceArgs: entry["replace-args"] !== false,
    workingDir: text(entry["working-dir"]),
    execEnv: texts(entry["exec-env"]),
    buildpackId: text(entry.buildpackID),
  }));
  return {
    processes,
    defaultType: text(file["buildpack-default-process-type"]),
    labels: Object.fromEntries(tables(file.labels).map((entry) => [text(entry.key), text(entry.value)])),
    slices: tables(file.slices).map((slice) => texts(table(slice).paths)),
  };
}

/** Whether a process may be launched in an execution environment. */
export function isEligible(process: LaunchProcess, execEnv: string): boolean {
  return supportsExecEnv(process.execEnv, execEnv);
}
