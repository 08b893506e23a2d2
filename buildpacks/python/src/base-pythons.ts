import { readdir, realpath } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { readTool } from "../../shared/run-tool.ts";
import { compareVersions } from "./version-specifier.ts";

/** A Python that can be run. */
export interface Python {
  /** `/usr/bin/python3.11` */
  readonly program: string;
  /** `3.11.2` */
  readonly version: string;
}

/** Every CPython 3 of the base, newest first; `folder` is where its programs are. */
export async function basePythons(
  { env, signal }: Pick<BuildContext, "env" | "signal">,
  folder = "/usr/bin",
): Promise<readonly Python[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^python3(\.\d+)?$/.test(name));
  const places = names.map((name) => realpath(path.join(folder, name)).catch(() => ""));
  const found = new Map<string, Python>();
  for (const program of new Set(await Promise.all(places))) {
    if (program === "") continue;
    const args = ["-c", "import platform; print(platform.python_version())"];
    const answer = await readTool({ command: program, args, cwd: "/", env, signal }).catch(() => "");
    const version = answer.trim();
    if (/^\d+\.\d+\.\d+$/.test(version) && !found.has(version)) found.set(version, { program, version });
  }
  return [...found.values()].sort((a, b) => compareVersions(b.version, a.version));
}
