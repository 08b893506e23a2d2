import { readFile } from "node:fs/promises";
import path from "node:path";

/** What requirements.txt and the files it names ask for. */
export interface Requirements {
  /** Names and texts of all files in the order pip reads them, for a key. */
  readonly parts: readonly string[];
  /** Whether something of the app's own folder is installed (`-e .`, a path): then every push can change it. */
  readonly local: boolean;
}

/** Reads a requirements file of the app and, as pip does, those it includes by `-r` and `-c`. */
export async function readRequirements(appDir: string, first = "requirements.txt"): Promise<Requirements> {
  const parts: string[] = [];
  const read = new Set<string>();
  let local = false;
  const visit = async (file: string): Promise<void> => {
    if (read.has(file)) return;
    read.add(file);
    // A file that is missing, or lies elsewhere, is pip's to complain about.
    const text = await readFile(path.join(appDir, file), "utf8").catch(() => "");
    parts.push(file, text);
    for (const line of logicalLines(text)) {
      const included = /^(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(\S+)$/.exec(line)?.[1];
      if (included !== undefined) await visit(path.join(path.dirname(file), included));
      else if (isLocal(line)) local = true;
    }
  };
  await visit(first);
  return { parts, local };
}

/** Lines without comments, those that end in a backslash joined with the next. */
export function logicalLines(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .replace(/\\\r?\n/g, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

function isLocal(line: string): boolean {
  if (/^(-e|--editable)\b/.test(line)) return !/^(-e|--editable)[\s=]*(git|hg|svn|bzr)\+/.test(line);
  return /^\.{0,2}\//.test(line) || line === "." || /(^|@\s*)file:/.test(line);
}
