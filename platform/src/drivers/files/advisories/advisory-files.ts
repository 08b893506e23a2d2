import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AdvisoryFile, AdvisorySource } from "../../../delivery/advisory/index.ts";
import { errorText } from "../../../kernel/index.ts";
import { readZip } from "./read-zip.ts";

/** The largest advisories have less than half of it. */
const FILE_BYTES = 8 * 1024 * 1024;
const DEEPEST = 6;

/**
 * Advisories in files: one `.json` a document, in a folder and those below it, or in zip files there, or in one zip file, as
 * databases of OSV are given out. Links are not followed below the path that the operator names.
 */
export function openAdvisoryFiles(path: string): AdvisorySource {
  return {
    async state() {
      const hash = createHash("sha256");
      for await (const { path: file, size, mtimeMs } of filesBelow(path))
        hash.update(`${file}\0${size}\0${mtimeMs}\n`);
      return hash.digest("hex");
    },
    async *read(signal) {
      for await (const { path: file, size } of filesBelow(path)) {
        signal.throwIfAborted();
        const name = file === path ? file : file.slice(path.length + 1);
        if (file.endsWith(".zip")) yield* readZipped(file, name);
        else yield await readWhole(file, name, size);
      }
    },
  };
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

async function* filesBelow(path: string): AsyncGenerator<FoundFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`The advisories ${path} cannot be read (CONIFER_ADVISORIES): ${errorText(cause)}`, {
      cause,
    });
  });
  if (found.isDirectory()) yield* walk(path, 0);
  else yield { path, size: found.size, mtimeMs: found.mtimeMs };
}

async function* walk(folder: string, depth: number): AsyncGenerator<FoundFile> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < DEEPEST) yield* walk(path, depth + 1);
    if (!entry.isFile() || !/\.(?:json|zip)$/.test(entry.name)) continue;
    const found = await stat(path).catch(() => undefined);
    if (found) yield { path, size: found.size, mtimeMs: found.mtimeMs };
  }
}

async function readWhole(path: string, name: string, size: number): Promise<AdvisoryFile> {
  if (size > FILE_BYTES) return { name, problem: `it has more than ${FILE_BYTES} bytes` };
  try {
    return { name, text: await readFile(path, "utf8") };
  } catch (thrown) {
    return { name, problem: errorText(thrown) };
  }
}

async function* readZipped(path: string, name: string): AsyncGenerator<AdvisoryFile> {
  try {
    for await (const entry of readZip(path, {
      isWanted: (one) => one.endsWith(".json"),
      mostBytes: FILE_BYTES,
    })) {
      const named = `${name}:${entry.name}`;
      yield "content" in entry
        ? { name: named, text: entry.content.toString("utf8") }
        : { name: named, problem: entry.problem };
    }
  } catch (thrown) {
    yield { name, problem: errorText(thrown) };
  }
}
