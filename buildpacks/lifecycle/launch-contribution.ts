import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathOperations } from "./buildpack-environment.ts";
import {
  byCodeUnits,
  type EnvOperation,
  LAUNCH_PATHS,
  namesIn,
  readFilesOf,
  readOperations,
} from "./env-operations.ts";

/** What one launch layer adds to the environment of processes. Processes are keyed by type; `""` is every process. */
export interface LaunchContribution {
  readonly paths: readonly EnvOperation[];
  readonly env: Readonly<Record<string, readonly EnvOperation[]>>;
  readonly execD: Readonly<Record<string, readonly string[]>>;
  readonly profiles: Readonly<Record<string, readonly string[]>>;
}

export const NO_CONTRIBUTION: LaunchContribution = { paths: [], env: {}, execD: {}, profiles: {} };

/** Reads a layer's `bin`, `lib`, `env`, `env.launch`, `exec.d` and `profile.d` (Buildpack API 0.12, "Environment"). */
export async function readContribution(layer: string): Promise<LaunchContribution> {
  const present = await namesIn(layer);
  const env: Record<string, EnvOperation[]> = {};
  const common: EnvOperation[] = [];
  if (present.includes("env")) common.push(...readOperations(await readFilesOf(join(layer, "env"))));
  if (present.includes("env.launch")) {
    const folder = join(layer, "env.launch");
    common.push(...readOperations(await readFilesOf(folder)));
    for (const type of await foldersIn(folder))
      env[type] = readOperations(await readFilesOf(join(folder, type)));
  }
  if (common.length > 0) env[""] = common;
  return {
    paths: await pathOperations(layer, LAUNCH_PATHS),
    env,
    execD: present.includes("exec.d") ? await filesByType(join(layer, "exec.d")) : {},
    profiles: present.includes("profile.d") ? await filesByType(join(layer, "profile.d")) : {},
  };
}

async function filesByType(folder: string): Promise<Record<string, string[]>> {
  const byType: Record<string, string[]> = {};
  for (const type of ["", ...(await foldersIn(folder))]) {
    const own = join(folder, type);
    const files = Object.keys(await readFilesOf(own)).sort(byCodeUnits);
    if (files.length > 0) byType[type] = files.map((file) => join(own, file));
  }
  return byType;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort(byCodeUnits);
}
