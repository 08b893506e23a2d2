import { existsSync } from "node:fs";
import { readdir, readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { type JavaVersion, parseJavaVersion, propertyOf } from "./java-version.ts";

/** A JDK on the base. */
export interface BaseJdk {
  readonly home: string;
  readonly version: JavaVersion;
}

/** Where distributions of Linux put them. */
const FOLDER = "/usr/lib/jvm";

/** Every JDK (not JRE) of the base with a readable `release` file, each once. */
export async function baseJdks(folder = FOLDER): Promise<readonly BaseJdk[]> {
  const names = await readdir(folder).catch(() => []);
  const homes = await Promise.all(names.map((name) => realpath(path.join(folder, name)).catch(() => "")));
  const found: BaseJdk[] = [];
  for (const home of [...new Set(homes)].sort()) {
    if (home === "" || !existsSync(path.join(home, "bin", "javac"))) continue;
    const release = await readFile(path.join(home, "release"), "utf8").catch(() => undefined);
    const text = propertyOf(release, "JAVA_VERSION")?.replaceAll('"', "");
    const version = text === undefined ? undefined : parseJavaVersion(text);
    if (version !== undefined) found.push({ home, version });
  }
  return found;
}
