import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { copyFolder } from "../../shared/copy-folder.ts";
import type { Manager } from "./packager-tool.ts";
import { PROGRAMS } from "./packager-version.ts";
import { linkPrograms } from "./program-links.ts";

/** Puts the manager into a launch layer: the one the build used, or a way to the repository's own. */
export async function copyManager(context: BuildContext, manager: Manager, to: string): Promise<void> {
  const from = await manager.folder();
  const name = PROGRAMS[manager.kind];
  if (from === undefined) {
    await mkdir(path.join(to, "bin"), { recursive: true });
    const file = path.join(to, "bin", name);
    await writeFile(file, `#!/bin/sh\nexec node '${await manager.program()}' "$@"\n`);
    await chmod(file, 0o755);
    return;
  }
  await copyTool(context, { from, to, name });
}

export async function copyTool(
  context: Pick<BuildContext, "env" | "signal">,
  { from, to, name }: { readonly from: string; readonly to: string; readonly name: string },
): Promise<void> {
  const place = path.join("lib", "node_modules");
  await mkdir(path.join(to, place), { recursive: true });
  await copyFolder(context, path.join(from, place, name), path.join(to, place, name));
  await linkPrograms(to, name);
}
