import { type ImageLayer, writeLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import { toEntries, walkTree } from "../../buildpacks/lifecycle/tree-entries.ts";
import { type LayerEntry, packLayer } from "../../platform/src/delivery/image/index.ts";
import { type AppUser, MADE_FOLDERS } from "./made-files.ts";
import type { PackedPaths } from "./unpack-packages.ts";

/** The layer above those of packages: what was made of them. */
export const MADE = "made";

/** A root on this machine with what is known of it. */
export interface PackedRoot {
  readonly root: string;
  readonly paths: PackedPaths;
  readonly user: AppUser;
  /** Of packages, the lowest first. */
  readonly layers: readonly string[];
}

const ROOT = { uid: 0, gid: 0 };

/** Packs a root into the layers of a layout. The same packages give the same layers. */
export async function packRoot(packed: PackedRoot, layout: string): Promise<ImageLayer[]> {
  const layers: ImageLayer[] = [];
  for (const layer of [...packed.layers, MADE])
    layers.push(await writeLayer(layout, packLayer(entriesOf(packed, layer), ROOT)));
  return layers;
}

/** What goes into a layer, each folder before its content; folders above it come along, as every layer needs them. */
export function* entriesOf(packed: PackedRoot, layer: string): Generator<LayerEntry> {
  const { root } = packed;
  const mine = walkTree(root).filter(({ path, stats }) => {
    const name = path.slice(root.length + 1);
    return (
      name !== "" &&
      !(stats.isDirectory() && !isOwnFolder(packed, name, layer)) &&
      layerOf(packed, name) === layer
    );
  });
  const listed = new Set<string>();
  for (const entry of toEntries(mine)) {
    const path = entry.path.slice(root.length);
    for (const parent of parentsOf(path)) {
      if (listed.has(parent)) continue;
      listed.add(parent);
      yield { kind: "directory", path: parent, ...attributesOf(packed, parent, "directory") };
    }
    if (entry.kind === "directory") listed.add(path);
    const target = entry.kind === "link" ? { target: entry.target.slice(root.length) } : {};
    yield { ...entry, ...target, path, ...attributesOf(packed, path, entry.kind) };
  }
}

/** Folders that only hold what others bring are listed with it. */
function isOwnFolder({ paths, user }: PackedRoot, name: string, layer: string): boolean {
  if (paths.has(name)) return paths.get(name)?.layer === layer;
  return layer === MADE && (name in MADE_FOLDERS || `/${name}` === user.home);
}

function layerOf({ paths }: PackedRoot, name: string): string {
  const known = paths.get(name);
  if (known) return known.layer;
  const compiledFrom = /^(.*)\/__pycache__\//.exec(name)?.[1];
  return (compiledFrom !== undefined && paths.get(compiledFrom)?.layer) || MADE;
}

function parentsOf(path: string): string[] {
  const names = path.split("/").slice(1, -1);
  return names.map((_, n) => `/${names.slice(0, n + 1).join("/")}`);
}

/** Packages say their modes; what was made has the plain ones. */
function attributesOf({ paths, user }: PackedRoot, path: string, kind: LayerEntry["kind"]) {
  const name = path.slice(1);
  const mode = paths.get(name)?.mode ?? MADE_FOLDERS[name] ?? PLAIN_MODES[kind];
  return { mode, ...(path === user.home ? { owner: { uid: user.uid, gid: user.gid } } : {}) };
}

const PLAIN_MODES: Readonly<Record<LayerEntry["kind"], number>> = {
  directory: 0o755,
  file: 0o644,
  link: 0o644,
  symlink: 0o777,
};
