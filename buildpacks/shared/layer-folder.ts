import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify, type TomlTable } from "smol-toml";

/** What a layer is for (Buildpack API, "Layer types"). */
export interface LayerTypes {
  /** In the image. Without `cache` only its metadata come back at the next build; leaving it without a folder then
   * takes the previous image's layer as it is. */
  readonly launch?: boolean;
  /** Seen by the buildpacks that follow. */
  readonly build?: boolean;
  /** Its folder comes back at the next build. */
  readonly cache?: boolean;
}

/** A layer of this buildpack as the lifecycle restored it, or an empty one. */
export interface Layer {
  readonly name: string;
  readonly dir: string;
  /** Metadata of the last build, when it had this layer. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  /** Whether the folder itself came back (cached layers only). */
  readonly restored: boolean;
}

/** How a variable of a layer meets one that is set already. */
export type EnvOperation = "default" | "override" | "prepend" | "append";

export async function openLayer(layersDir: string, name: string): Promise<Layer> {
  const dir = path.join(layersDir, name);
  const text = await readFile(`${dir}.toml`, "utf8").catch(() => undefined);
  const metadata = text === undefined ? undefined : ((parse(text).metadata ?? {}) as Record<string, unknown>);
  const restored = await stat(dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return { name, dir, metadata, restored };
}

/** Empties the layer's folder and makes sure it exists. */
export async function clearLayer(layer: Layer): Promise<void> {
  await rm(layer.dir, { recursive: true, force: true });
  await mkdir(layer.dir, { recursive: true });
}

/** Forgets the layer: neither its folder nor its metadata reach the image or the next build. */
export async function dropLayer(layer: Layer): Promise<void> {
  await rm(layer.dir, { recursive: true, force: true });
  await rm(`${layer.dir}.toml`, { force: true });
}

/**
 * Declares the layer. Metadata must hold nothing that differs between two builds of the same source: they become a
 * label of the image and so part of its digest.
 */
export async function saveLayer(
  layer: Layer,
  types: LayerTypes,
  metadata: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { launch = false, build = false, cache = false } = types;
  const table = { types: { launch, build, cache }, metadata } as unknown as TomlTable;
  await writeFile(`${layer.dir}.toml`, stringify(table));
}

/** Declares caches that came back and were not needed this time, so that the next build has them too. */
export async function keepCaches(layersDir: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const layer = await openLayer(layersDir, name);
    if (layer.restored) await saveLayer(layer, { cache: true }, layer.metadata ?? {});
  }
}

export interface LaunchVariable {
  readonly name: string;
  readonly operation: EnvOperation;
  readonly value: string;
  /** Between the value and what is there already; a colon unless said. */
  readonly delimiter?: string;
}

/** A variable that processes of the image get from this layer (`env.launch/`). */
export async function setLaunchEnv(layer: Layer, variable: LaunchVariable): Promise<void> {
  await setLayerEnv(layer, "env.launch", variable);
}

/**
 * A variable that processes of the image (`env.launch`), buildpacks that follow (`env.build`) or both (`env`) get from this
 * layer.
 */
export async function setLayerEnv(
  layer: Layer,
  scope: "env" | "env.build" | "env.launch",
  variable: LaunchVariable,
): Promise<void> {
  const dir = path.join(layer.dir, scope);
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, `${variable.name}.${variable.operation}`), variable.value);
  if (variable.operation === "prepend" || variable.operation === "append") {
    await writeFile(path.join(dir, `${variable.name}.delim`), variable.delimiter ?? ":");
  }
}

/** Variables that the layer prepends, as a lifecycle would set them for a buildpack that follows; for programs of this one. */
export async function prependedVariables(
  layer: Layer,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const scope of ["env", "env.build"]) {
    const folder = path.join(layer.dir, scope);
    for (const file of (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".prepend"))) {
      const name = file.slice(0, -".prepend".length);
      const value = await readFile(path.join(folder, file), "utf8");
      result[name] = env[name] ? `${value}:${env[name]}` : value;
    }
  }
  return result;
}

/** Whether the layer's metadata of the last build equal these, key by key. */
export function sameMetadata(layer: Layer, wanted: Readonly<Record<string, unknown>>): boolean {
  const had = layer.metadata;
  if (had === undefined) return false;
  const names = new Set([...Object.keys(had), ...Object.keys(wanted)]);
  return [...names].every((name) => had[name] === wanted[name]);
}
