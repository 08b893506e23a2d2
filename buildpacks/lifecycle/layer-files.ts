import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { folderName } from "./buildpack-descriptor.ts";
import { namesIn } from "./env-operations.ts";
import { exists } from "./image-layout.ts";
import { readDescriptor, type TomlTable, table } from "./toml-files.ts";

/** A layer as its buildpack left it: `<layers>/<buildpack>/<name>.toml` and perhaps the folder beside it. */
export interface LayerFiles {
  readonly buildpackId: string;
  readonly name: string;
  readonly folder: string;
  readonly hasContent: boolean;
  readonly types: { readonly build: boolean; readonly launch: boolean; readonly cache: boolean };
  readonly metadata: TomlTable;
}

/** Names that are not layers but files of the buildpack. */
const RESERVED = ["launch", "build", "store"];

export function layersFolder(layers: string, buildpackId: string): string {
  return join(layers, folderName(buildpackId));
}

/** All layers of a buildpack, by name. */
export async function readLayers(layers: string, buildpackId: string): Promise<LayerFiles[]> {
  const folder = layersFolder(layers, buildpackId);
  const found: LayerFiles[] = [];
  for (const file of await namesIn(folder)) {
    const name = /^(.+)\.toml$/s.exec(file)?.[1];
    if (!name || RESERVED.includes(name)) continue;
    const toml = (await readDescriptor(join(folder, file), "layer")) ?? {};
    const types = table(toml.types);
    found.push({
      buildpackId,
      name,
      folder: join(folder, name),
      hasContent: await exists(join(folder, name)),
      types: { build: types.build === true, launch: types.launch === true, cache: types.cache === true },
      metadata: table(toml.metadata),
    });
  }
  return found;
}

/** Moves layers without a type out of the way of the next buildpacks (Buildpack API 0.12, "Ignored Layers"). */
export async function setAsideIgnored(layers: readonly LayerFiles[]): Promise<void> {
  for (const { types, folder, hasContent } of layers) {
    if (types.build || types.launch || types.cache || !hasContent) continue;
    await rm(`${folder}.ignore`, { recursive: true, force: true });
    await rename(folder, `${folder}.ignore`);
  }
}
