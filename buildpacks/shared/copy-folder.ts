import { rename, rm } from "node:fs/promises";
import type { BuildContext } from "./build-context.ts";
import { readTool } from "./run-tool.ts";

/**
 * Copies a folder with its links, modes and times. `to` must not exist, its parent must. By `cp`, which takes a
 * fraction of Node's time for the many small files of packages.
 */
export async function copyFolder(
  { env, signal }: Pick<BuildContext, "env" | "signal">,
  from: string,
  to: string,
): Promise<void> {
  await readTool({ command: "cp", args: ["-a", from, to], cwd: "/", env, signal });
}

/** Moves a folder; app and layers are often mounts of their own, and then it is copied. */
export async function moveFolder(
  context: Pick<BuildContext, "env" | "signal">,
  from: string,
  to: string,
): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EXDEV") throw thrown;
    await copyFolder(context, from, to);
    await rm(from, { recursive: true, force: true });
  }
}
