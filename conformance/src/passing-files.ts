import { readdirSync, readFileSync } from "node:fs";

/** What is in a file that may be gone by now, such as a process' in /proc; nothing when it is. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The names in a folder that may be gone by now; none when it is, or is no folder. */
export function listIfThere(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The ids of all processes that this machine shows. */
export function processIds(): readonly number[] {
  return listIfThere("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
