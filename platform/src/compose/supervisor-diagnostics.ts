import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/** A log file of bounded size: when it is full it becomes `<file>.1` and a new one is begun. */
export interface DiagnosticsFile {
  write(text: string): void;
  /** The last lines that were written, for a message about why a process ended. */
  tail(): string;
  close(): void;
}

const TAIL_CHARACTERS = 4_000;

/**
 * Opens the file for appending. It and the one before it hold at most `2 × limit` bytes and one write. A disk that is
 * full costs lines, never the process that writes them.
 */
export function openDiagnostics(path: string, limit = 5 * 1024 * 1024): DiagnosticsFile {
  let file = openSync(path, "a", 0o600);
  let size = fstatSync(file).size;
  let tail = "";
  let closed = false;
  return {
    write: (text) => {
      tail = (tail + text).slice(-TAIL_CHARACTERS);
      if (closed) return;
      try {
        if (size >= limit) {
          renameSync(path, `${path}.1`);
          closeSync(file);
          file = openSync(path, "a", 0o600);
          size = 0;
        }
        size += writeSync(file, text);
      } catch {
        // There is nowhere left to tell it.
      }
    },
    tail: () => tail,
    close: () => {
      if (!closed) closeSync(file);
      closed = true;
    },
  };
}
