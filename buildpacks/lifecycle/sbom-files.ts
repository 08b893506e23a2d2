import { createReadStream } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { folderName } from "./buildpack-descriptor.ts";
import { namesIn } from "./env-operations.ts";
import { exists } from "./image-layout.ts";
import type { LayerFiles } from "./layer-files.ts";

/** Where a bill of materials belongs: in the image, or with the build. */
type Scope = "launch" | "build";

const EXTENSION = /^(.+)\.sbom\.((?:cdx|spdx|syft)\.json)$/s;

/** Where the lifecycle's own bills of materials go, by name of the file. */
const OWN: Readonly<Record<string, string>> = {
  launcher: "launch/buildpacksio_lifecycle/launcher",
  lifecycle: "build/buildpacksio_lifecycle",
};

/** SBOM files beside the layers of one buildpack: `<name>.sbom.<ext>`. */
export async function sbomFilesIn(folder: string): Promise<{ name: string; extension: string }[]> {
  return (await namesIn(folder)).flatMap((file) => {
    const match = EXTENSION.exec(file);
    return match ? [{ name: match[1] as string, extension: match[2] as string }] : [];
  });
}

/**
 * Gathers the SBOM files of all buildpacks into `<layers>/sbom/launch` and `<layers>/sbom/build` (Platform API 0.15,
 * exporter outputs). Returns whether the image has any.
 */
export async function gatherSboms(
  layers: string,
  members: readonly { readonly id: string; readonly layers: readonly LayerFiles[] }[],
  launcherSbom: string,
): Promise<boolean> {
  const root = join(layers, "sbom");
  for (const scope of ["launch", "build"]) await rm(join(root, scope), { recursive: true, force: true });
  for (const member of members) {
    const folder = join(layers, folderName(member.id));
    for (const { name, extension } of await sbomFilesIn(folder)) {
      const place = placeOf(name, member.layers);
      if (!place) continue;
      const target = join(root, place.scope, folderName(member.id), place.layer, `sbom.${extension}`);
      await copy(join(folder, `${name}.sbom.${extension}`), target);
    }
  }
  for (const { name, extension } of await sbomFilesIn(launcherSbom)) {
    const place = OWN[name];
    if (place)
      await copy(join(launcherSbom, `${name}.sbom.${extension}`), join(root, place, `sbom.${extension}`));
  }
  return exists(join(root, "launch"));
}

/** `launch` and `build` are the buildpack's own; anything else is the layer of that name, if there is one. */
function placeOf(name: string, layers: readonly LayerFiles[]): { scope: Scope; layer: string } | undefined {
  if (name === "launch" || name === "build") return { scope: name, layer: "" };
  const layer = layers.find((one) => one.name === name);
  return layer && { scope: layer.types.launch ? "launch" : "build", layer: name };
}

/** Copies the SBOM files of one layer from one folder to another, under the same names. */
export async function copyLayerSboms(from: string, to: string, layer: string): Promise<void> {
  for (const { name, extension } of await sbomFilesIn(from)) {
    const file = `${name}.sbom.${extension}`;
    if (name === layer) await copy(join(from, file), join(to, file));
  }
}

/**
 * Reads the SBOM layer of an image, when its content is there: `<buildpack>/<layer>/sbom.<ext>` → content.
 * Empty otherwise.
 */
export async function readSbomLayer(blob: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  if (!(await exists(blob))) return files;
  const tar = extract();
  const reading = pipeline(createReadStream(blob), tar);
  for await (const entry of tar) {
    const path = /\/sbom\/launch\/(.+\/sbom\.(?:cdx|spdx|syft)\.json)$/s.exec(`/${entry.header.name}`)?.[1];
    const content = await buffer(entry as unknown as AsyncIterable<Buffer>);
    if (path && entry.header.type === "file") files.set(path, content);
  }
  await reading;
  return files;
}

/** Writes back, beside a layer, what an image's SBOM layer holds on it. */
export async function restoreLayerSboms(
  sboms: ReadonlyMap<string, Buffer>,
  layer: { readonly buildpackId: string; readonly name: string },
  to: string,
): Promise<void> {
  const above = `${folderName(layer.buildpackId)}/${layer.name}/`;
  for (const [path, content] of sboms) {
    if (!path.startsWith(above)) continue;
    await mkdir(to, { recursive: true });
    await writeFile(join(to, `${layer.name}.${path.slice(above.length)}`), content);
  }
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}
