import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pathOperations } from "./buildpack-environment.ts";
import {
  type EnvOperation,
  filesIn,
  LAUNCH_PATHS,
  namesIn,
  readOperations,
  readVariables,
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
  const every = await readVariables(join(layer, "env"));
  const launch = await readVariables(join(layer, "env.launch"));
  const common = [
    ...readOperations(every, { others: [launch] }),
    ...readOperations(launch, { others: [every] }),
  ];
  const env: Record<string, EnvOperation[]> = {};
  for (const type of await foldersIn(join(layer, "env.launch"))) {
    const own = await readVariables(join(layer, "env.launch", type));
    env[type] = readOperations(own, { others: [launch, every] });
  }
  if (common.length > 0) env[""] = common;
  return {
    paths: await pathOperations(layer, LAUNCH_PATHS),
    env,
    execD: await filesByType(join(layer, "exec.d")),
    profiles: await filesByType(join(layer, "profile.d")),
  };
}

async function filesByType(folder: string): Promise<Record<string, string[]>> {
  const byType: Record<string, string[]> = {};
  for (const type of ["", ...(await foldersIn(folder))]) {
    const files = await filesIn(join(folder, type));
    if (files.length > 0) byType[type] = files;
  }
  return byType;
}

async function foldersIn(folder: string): Promise<string[]> {
  const names = await namesIn(folder);
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  return names.filter((_, i) => stats[i]?.isDirectory());
}
