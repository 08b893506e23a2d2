import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildNews, BuildResult } from "../../../delivery/build/index.ts";
import { removeBuildFolder } from "./build-folder.ts";
import { readOutputFile } from "./build-output.ts";

const RESULT = "result.json";
const OUTPUT = "output.log";
/** What stays in the folder of a build that has ended. */
export const KEPT_FILES: readonly string[] = [RESULT, OUTPUT];

/** Remembers how a build ended, beside its output. A build that was lost is not remembered: it will run again. */
export async function keepResult(root: string, result: BuildResult): Promise<void> {
  if (result.kind === "lost") return;
  await writeFile(join(root, `${RESULT}.new`), JSON.stringify(result));
  await rename(join(root, `${RESULT}.new`), join(root, RESULT));
}

/** The output and result of a build that has ended; undefined when nothing is remembered of it. */
export async function readKept(
  root: string,
  signal: AbortSignal,
): Promise<AsyncGenerator<BuildNews> | undefined> {
  const text = await readFile(join(root, RESULT), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const result = JSON.parse(text) as BuildResult;
  return (async function* () {
    for await (const output of readOutputFile(join(root, OUTPUT), signal))
      yield { kind: "output", text: output };
    if (!signal.aborted) yield { kind: "result", result };
  })();
}

/** Forgets the oldest builds that have ended, all but so many. */
export async function forgetOldBuilds(folder: string, kept: number): Promise<void> {
  const ended: { root: string; at: number }[] = [];
  for (const name of await readdir(folder)) {
    const root = join(folder, name);
    const found = await stat(join(root, RESULT)).catch(() => undefined);
    if (found) ended.push({ root, at: found.mtimeMs });
  }
  const old = ended.sort((a, b) => b.at - a.at).slice(kept);
  for (const { root } of old) await removeBuildFolder(root);
}
