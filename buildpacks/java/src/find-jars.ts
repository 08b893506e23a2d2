import { readdir } from "node:fs/promises";
import path from "node:path";
import { readManifest } from "./jar-manifest.ts";
import { type BuiltJar, isBeside } from "./java-processes.ts";

/** Where Maven and Gradle put what they make, below each module. */
const OUTPUTS = ["target", "build/libs"];
const QUARKUS = ["target/quarkus-app", "build/quarkus-app"];
/** Modules lie at most this deep, and there are at most so many archives; others are not looked at. */
const DEPTH = 3;
const MOST_JARS = 200;

/** The archives the build has made, by path. */
export async function findJars(appDir: string): Promise<readonly BuiltJar[]> {
  const found: BuiltJar[] = [];
  for (const module of await modulesOf(appDir, ".", DEPTH)) {
    for (const folder of [...OUTPUTS, ...QUARKUS, "target/dependency"]) {
      const names = await readdir(path.join(appDir, module, folder)).catch(() => []);
      for (const name of names.sort()) {
        const at = path.join(module, folder, name);
        if (!isCandidate(folder, name) || isBeside(at) || found.length >= MOST_JARS) continue;
        const manifest = await readManifest(path.join(appDir, at));
        if (manifest !== undefined) found.push({ path: at, manifest });
      }
    }
  }
  return found;
}

function isCandidate(folder: string, name: string): boolean {
  if (QUARKUS.includes(folder)) return name === "quarkus-run.jar";
  if (folder === "target/dependency") return name === "webapp-runner.jar";
  return /\.[jw]ar$/.test(name);
}

async function modulesOf(appDir: string, module: string, depth: number): Promise<readonly string[]> {
  if (depth === 0) return [module];
  const entries = await readdir(path.join(appDir, module), { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory() && !/^(\.|src$|target$|build$|node_modules$)/.test(entry.name))
    .map((entry) => path.join(module, entry.name))
    .sort();
  const below = await Promise.all(folders.map((folder) => modulesOf(appDir, folder, depth - 1)));
  return [module, ...below.flat()];
}
