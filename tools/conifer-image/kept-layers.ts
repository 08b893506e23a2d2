import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import { makeAside, settle } from "../images/make-aside.ts";
import type { SbomPackage } from "./sbom-package.ts";

/** A layer with what it is, for people. */
export interface NamedLayer extends ImageLayer {
  readonly what: string;
}

/** Layers in a folder as a layout has it, and what is in them. */
export interface LayerSet {
  readonly layers: readonly NamedLayer[];
  readonly packages: readonly SbomPackage[];
}

export interface KeptLayers extends LayerSet {
  readonly folder: string;
}

/**
 * Layers that were made before under this name, or are made now by work that writes them into a folder. A folder that is
 * there is whole; what a killed maker has left is removed by the next.
 */
export async function keepLayers(
  cache: string,
  name: string,
  work: (folder: string, aside: string) => Promise<LayerSet>,
): Promise<KeptLayers> {
  const kept = join(cache, name);
  if (!existsSync(kept))
    await makeAside(cache, async (aside) => {
      const folder = join(aside, "layers");
      await mkdir(folder);
      await writeFile(join(folder, "layers.json"), JSON.stringify(await work(folder, aside)));
      await settle(folder, kept);
    });
  const set = JSON.parse(await readFile(join(kept, "layers.json"), "utf8")) as LayerSet;
  return { ...set, folder: kept };
}
