import { existsSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { runPython } from "./run-python.ts";

export type CompileHook = "bin/pre_compile" | "bin/post_compile";

/**
 * Runs a script of the app's own, when it is there, as Heroku's Python buildpack does: in the app's folder, by its first
 * line or else by bash. Throws a BuildFailure when it fails.
 */
export async function runHook(
  context: BuildContext,
  hook: CompileHook,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const script = path.join(context.appDir, hook);
  if (!existsSync(script)) return;
  context.log.step(`Running ${hook}`);
  const executable = await access(script, constants.X_OK).then(
    () => true,
    () => false,
  );
  const advice = [`${hook} is a script of the app. Correct it, or delete it: git rm ${hook}`];
  const failure = `${hook} failed.`;
  const run = executable ? { command: script, args: [] } : { command: "bash", args: [script] };
  await runPython(context, { ...run, env, failure, advice });
}
