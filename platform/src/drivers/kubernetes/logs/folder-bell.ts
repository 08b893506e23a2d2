import { type FSWatcher, watch } from "node:fs";

/** Rings once when something changes in a folder, and then no more until it is armed again. */
export interface FolderBell {
  /** False when the folder cannot be watched: it must be looked at now and then. */
  arm(): boolean;
  isArmed(): boolean;
  close(): void;
}

/** A process that writes a lot would ring for each line: who hears the bell looks by itself until it is quiet. */
export function makeFolderBell(folder: string, ring: () => void): FolderBell {
  let watcher: FSWatcher | undefined;
  const close = () => {
    watcher?.close();
    watcher = undefined;
  };
  const heard = () => {
    if (!watcher) return;
    close();
    ring();
  };
  return {
    arm() {
      if (watcher) return true;
      try {
        watcher = watch(folder, heard);
        watcher.on("error", heard);
        return true;
      } catch {
        // It is not there yet, or the machine's watches are used up.
        return false;
      }
    },
    isArmed: () => watcher !== undefined,
    close,
  };
}
