import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { parseProcfile } from "./procfile.ts";
import { unbuiltSources } from "./unbuilt-sources.ts";

const EXAMPLE = "A line reads <type>: <command>, for example: web: node server.js";

/** The app's process types are those of its Procfile; `web` is the default one. */
export async function build(context: BuildContext): Promise<void> {
  const { log } = context;
  log.step("Discovering process types");
  const procfile = parseProcfile(await readFile(path.join(context.appDir, "Procfile"), "utf8"));
  for (const warning of procfile.warnings) log.warn(`Procfile: ${warning}`);
  if (procfile.errors.length > 0) {
    throw new BuildFailure(["The Procfile cannot be used.", ...procfile.errors].join("\n"), [EXAMPLE]);
  }
  if (procfile.processes.length === 0) {
    throw new BuildFailure("The Procfile names no process type.", [
      EXAMPLE,
      "An app without one needs no Procfile.",
    ]);
  }
  await writeLaunchFile(context.layersDir, {
    processes: procfile.processes.map((process) => shellProcess(process.type, process.command)),
  });
  const unbuilt = unbuiltSources(await readdir(context.appDir));
  if (unbuilt !== undefined) log.warn(unbuilt);
  log.detail(`Procfile declares types -> ${procfile.processes.map((process) => process.type).join(", ")}`);
}
