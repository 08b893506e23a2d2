import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** Where the branches and tags of a repository point, and which branch is its own. */
export interface RepositoryRefs {
  /** What HEAD names, such as `refs/heads/main`. */
  readonly head: string | undefined;
  /** Commits by full names of refs. */
  readonly refs: ReadonlyMap<string, string>;
}

const OID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * Reads the refs from a repository's files, without a process for each of many. A ref that moves meanwhile is read as it was or as it
 * is. (gitrepository-layout(5))
 */
export async function readRefs(repository: string): Promise<RepositoryRefs> {
  const refs = new Map<string, string>();
  for (const line of (await textOf(join(repository, "packed-refs"))).split("\n")) {
    const [oid = "", name = ""] = line.split(" ");
    if (OID.test(oid) && name.startsWith("refs/")) refs.set(name, oid);
  }
  for (const entry of await entriesOf(join(repository, "refs"), true)) {
    if (!entry.isFile() || entry.name.endsWith(".lock")) continue;
    const path = join(entry.parentPath, entry.name);
    const oid = (await textOf(path)).trim();
    if (OID.test(oid)) refs.set(relative(repository, path), oid);
  }
  const head = /^ref: (refs\/\S+)$/.exec((await textOf(join(repository, "HEAD"))).trim())?.[1];
  return { head, refs };
}

/** The text of a `packed-refs` file with these refs. */
export function packRefs({ refs }: Pick<RepositoryRefs, "refs">): string {
  const lines = [...refs].map(([name, oid]) => ({ name, oid })).sort((a, b) => (a.name < b.name ? -1 : 1));
  return lines.map(({ name, oid }) => `${oid} ${name}\n`).join("");
}

/**
 * The files of a repository that hold objects, and where its history was cut, as paths in it. Objects are never removed and come
 * before the refs to them: whoever reads refs first has all that they reach. What is on its way is left out.
 */
export async function* objectFiles(repository: string): AsyncGenerator<string> {
  const objects = join(repository, "objects");
  const packs = (await entriesOf(join(objects, "pack"))).map(({ name }) => name);
  for (const name of packs) {
    const [, stem = ""] = /^(pack-[0-9a-f]+)\.(?:pack|idx|rev|bitmap)$/.exec(name) ?? [];
    // An index that came while the folder was read may be without its pack.
    if (stem && packs.includes(`${stem}.pack`)) yield `objects/pack/${name}`;
  }
  for (const { name: folder } of await entriesOf(objects)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const { name } of await entriesOf(join(objects, folder)))
      if (/^[0-9a-f]{38}(?:[0-9a-f]{24})?$/.test(name)) yield `objects/${folder}/${name}`;
  }
  if ((await entriesOf(repository)).some(({ name }) => name === "shallow")) yield "shallow";
}

async function entriesOf(folder: string, recursive = false): Promise<Dirent[]> {
  return await readdir(folder, { withFileTypes: true, recursive }).catch(missing([] as Dirent[]));
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(missing(""));
}

function missing<T>(value: T): (thrown: NodeJS.ErrnoException) => T {
  return (thrown) => {
    if (thrown.code === "ENOENT" || thrown.code === "ENOTDIR") return value;
    throw thrown;
  };
}
