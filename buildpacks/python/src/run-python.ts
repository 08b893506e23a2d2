import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { openLayer, saveLayer } from "../../shared/layer-folder.ts";
import { runLogged } from "../../shared/logged-tool.ts";
import { pythonAdvice } from "./python-failures.ts";

export interface PythonRun {
  readonly command: string;
  readonly args: readonly string[];
  /** What to say when it fails, and what to do about it when its output tells of no known cause. */
  readonly failure: string;
  readonly advice?: readonly string[];
  /** Over those of the build. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure; 0 alone unless said. */
  readonly good?: readonly number[];
}

/** Nothing that Python writes in a build holds a time, or an order that differs from run to run. */
export const STEADY = { PYTHONDONTWRITEBYTECODE: "1", PYTHONHASHSEED: "0" } as const;

/** Runs a program in the app's folder, its output going to the log. Throws a BuildFailure when it fails. */
export async function runPython(context: BuildContext, run: PythonRun): Promise<void> {
  const { command, args, failure, advice = [], good = [0] } = run;
  const env = { ...context.env, ...STEADY, ...run.env };
  const { code, output } = await runLogged(context, [command, ...args], env);
  if (good.includes(code)) return;
  throw new BuildFailure(failure, [
    ...(pythonAdvice(output) ?? advice),
    `It ended with status ${code}; see its output above.`,
  ]);
}

/** A folder that is kept from build to build, for what a tool has downloaded. */
export async function downloadCache(context: BuildContext, name: string): Promise<string> {
  const cache = await openLayer(context.layersDir, name);
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  return cache.dir;
}

export function pipCache(context: BuildContext): Promise<string> {
  return downloadCache(context, "pip-cache");
}

/** The environment of a program that is to see the packages of a virtual environment, as its `activate` makes it. */
export function packagesEnv(context: BuildContext, dir: string): Readonly<Record<string, string>> {
  return { VIRTUAL_ENV: dir, PATH: `${path.join(dir, "bin")}:${context.env.PATH ?? "/usr/bin:/bin"}` };
}
