import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasBuilt } from "../delivery/build/index.ts";
import { objectFiles, packRefs, type RepositoryRefs, readRefs } from "../drivers/embedded/git/index.ts";
import type { ArchiveWriter } from "../drivers/files/archives/index.ts";
import { type Db, isId } from "../kernel/index.ts";
import type { BackupFiles } from "./backup-files.ts";

/** The refs of all repositories, by app. */
export type AllRefs = ReadonlyMap<string, RepositoryRefs>;

export async function readAllRefs(folder: string): Promise<AllRefs> {
  const all = new Map<string, RepositoryRefs>();
  for (const name of await readdir(folder)) {
    const appId = name.endsWith(".git") ? name.slice(0, -".git".length) : "";
    if (isId(appId)) all.set(appId, await readRefs(join(folder, name)));
  }
  return all;
}

/**
 * The refs that go with one state of the database, from those before and after it. One that moved in between is where it was, unless that
 * state knows that the commit it moved to is built: then the push had succeeded.
 */
export async function refsOfState(trx: Db, before: AllRefs, after: AllRefs): Promise<AllRefs> {
  const settled = new Map<string, RepositoryRefs>();
  for (const [appId, is] of after) {
    const was = before.get(appId) ?? { head: is.head, refs: new Map<string, string>() };
    const refs = new Map(was.refs);
    for (const [ref, commit] of is.refs)
      if (refs.get(ref) !== commit && (await hasBuilt(trx, { appId, ref, commit }))) refs.set(ref, commit);
    settled.set(appId, { head: was.head ?? is.head, refs });
  }
  return settled;
}

/** Copies repositories: these refs, and all objects. */
export async function copyRepositories(
  folder: string,
  all: AllRefs,
  { files, writer }: { readonly files: BackupFiles; readonly writer: Pick<ArchiveWriter, "add"> },
): Promise<void> {
  for (const [appId, refs] of all) {
    const repository = `${appId}.git`;
    const text = async (name: string, content: string) => {
      const bytes = Buffer.from(content);
      await writer.add({
        section: "git",
        path: `${repository}/${name}`,
        size: bytes.length,
        content: [bytes],
      });
    };
    if (refs.head !== undefined) await text("HEAD", `ref: ${refs.head}\n`);
    await text("packed-refs", packRefs(refs));
    for await (const path of objectFiles(join(folder, repository)))
      await files.file("git", `${repository}/${path}`, join(folder, repository, path));
  }
}
