import { createReadStream, readdirSync } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { LayerEntry } from "../../platform/src/delivery/image/index.ts";

/** A folder of this machine, and where it is to be in an image. */
export interface PlacedTree {
  readonly source: string;
  /** Absolute. */
  readonly target: string;
  /** Whether something is taken, by its path below the folder. A folder that is not is left out with all that is in it. */
  readonly wanted: (path: string) => boolean;
}

/**
 * What is in it, by name, each folder before its content and after those above it. Of modes only whether a file can be
 * run is kept: the rest is this machine's. Folders in which nothing was wanted are left out.
 */
export async function* entriesBelow(tree: PlacedTree): AsyncGenerator<LayerEntry> {
  const parts = tree.target.split("/").filter((part) => part !== "");
  for (let n = 1; n < parts.length; n += 1) yield folder(`/${parts.slice(0, n).join("/")}`);
  yield* below(tree, "");
}

async function* below(tree: PlacedTree, path: string): AsyncGenerator<LayerEntry> {
  const source = join(tree.source, path);
  const target = path === "" ? tree.target : `${tree.target}/${path}`;
  const stats = await lstat(source);
  if (stats.isSymbolicLink())
    yield { kind: "symlink", path: target, mode: 0o777, target: await readlink(source) };
  else if (stats.isDirectory()) {
    let listed = false;
    for (const name of readdirSync(source).sort()) {
      const inner = path === "" ? name : `${path}/${name}`;
      if (!tree.wanted(inner)) continue;
      for await (const entry of below(tree, inner)) {
        if (!listed) yield folder(target);
        listed = true;
        yield entry;
      }
    }
  } else
    yield {
      ...{ kind: "file", path: target, mode: stats.mode & 0o111 ? 0o755 : 0o644, size: stats.size },
      content: () => createReadStream(source),
    };
}

function folder(path: string): LayerEntry {
  return { kind: "directory", path, mode: 0o755 };
}
