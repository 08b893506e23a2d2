import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { moveFolder } from "../../shared/copy-folder.ts";
import { dropLayer, openLayer, saveLayer } from "../../shared/layer-folder.ts";
import type { PackageJson } from "./package-json.ts";

/** Where frameworks keep what makes their next build fast, by the package that tells of them. */
const FOLDERS: Readonly<Record<string, string>> = {
  next: ".next/cache",
  gatsby: ".cache",
  "@angular/core": ".angular/cache",
};

const LAYER = "framework-cache";

/** Gives a framework's cache of the last build back to the app's folder. */
export async function bringBuildCaches(context: BuildContext, { needs }: PackageJson): Promise<void> {
  const layer = await openLayer(context.layersDir, LAYER);
  for (const name of foldersOf(needs)) {
    const [kept, place] = [path.join(layer.dir, name), path.join(context.appDir, name)];
    if (!existsSync(kept) || existsSync(place)) continue;
    await mkdir(path.dirname(place), { recursive: true });
    await moveFolder(context, kept, place);
  }
}

/** Takes it out again, for the next build: the image has no use for it, and it is never twice the same. */
export async function takeBuildCaches(context: BuildContext, { needs }: PackageJson): Promise<void> {
  const layer = await openLayer(context.layersDir, LAYER);
  const made = foldersOf(needs).filter((name) => existsSync(path.join(context.appDir, name)));
  if (made.length === 0) return await dropLayer(layer);
  for (const name of made) {
    const kept = path.join(layer.dir, name);
    await rm(kept, { recursive: true, force: true });
    await mkdir(path.dirname(kept), { recursive: true });
    await moveFolder(context, path.join(context.appDir, name), kept);
  }
  await saveLayer(layer, { cache: true }, {});
}

function foldersOf(needs: PackageJson["needs"]): string[] {
  return Object.entries(FOLDERS).flatMap(([name, folder]) => (needs[name] === undefined ? [] : [folder]));
}
