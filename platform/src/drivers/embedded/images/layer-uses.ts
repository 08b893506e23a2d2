import { basename } from "node:path";

/** Who uses which unpacked folders. Of one process, which is the only one that unpacks, runs and removes. */
export interface LayerUses {
  /** A folder is about to be counted on, or was: it is used now. */
  mark(name: string): void;
  /** Folders are in use until what is returned is called, which may be called twice. */
  take(folders: readonly string[]): () => void;
  /** Nobody uses it, and nobody has since that time (ms). What was there before this began counts as used then. */
  isFree(name: string, sinceMs: number): boolean;
}

export function makeLayerUses(now: () => number): LayerUses {
  const beganMs = now();
  const lastMs = new Map<string, number>();
  const counts = new Map<string, number>();
  const change = (folders: readonly string[], by: number) => {
    for (const name of folders.map((folder) => basename(folder))) {
      lastMs.set(name, now());
      const count = (counts.get(name) ?? 0) + by;
      if (count > 0) counts.set(name, count);
      else counts.delete(name);
    }
  };
  return {
    mark: (name) => change([name], 0),
    take(folders) {
      change(folders, 1);
      let given = false;
      return () => {
        if (!given) change(folders, -1);
        given = true;
      };
    },
    isFree: (name, sinceMs) => !counts.has(name) && (lastMs.get(name) ?? beganMs) < sinceMs,
  };
}
