import { createWriteStream } from "node:fs";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { ensureRepository, prepareGitFolder } from "../drivers/embedded/git/index.ts";
import { ArchiveDamaged, type ArchivedFile } from "../drivers/files/archives/index.ts";
import { type MasterKey, unseal } from "../kernel/index.ts";
import { namedDigest, sealedContext, sectionFolders } from "./backup-form.ts";
import type { Home } from "./home.ts";

/** Takes files of a backup into a home that had none. */
export interface RestoreFiles {
  /** One of the sections that are folders of the home, or of `keys`. */
  take(file: ArchivedFile): Promise<void>;
  /** Files that were left out since their content is not what their names say. */
  readonly leftOut: readonly string[];
}

/** Keys and credentials are small. */
const KEY_BYTES = 1024 * 1024;

export async function restoreFiles(home: Home, master: MasterKey): Promise<RestoreFiles> {
  const folders: Readonly<Record<string, string>> = sectionFolders(home);
  const settings = await prepareGitFolder({
    ...{ folder: home.git, nodePath: process.execPath, path: process.env.PATH ?? "/usr/bin:/bin" },
  });
  const leftOut: string[] = [];
  const made = new Set<string>();
  const folderFor = async (path: string) => {
    const folder = dirname(path);
    if (made.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Many blobs are in few folders, and many repositories in many: those are made anew and forgotten.
    if (made.size > 10_000) made.clear();
    made.add(folder);
  };
  const takeKey = async ({ path, size, content }: ArchivedFile) => {
    if (size > KEY_BYTES) throw new ArchiveDamaged(`${path} is too large`);
    const bytes = await buffer(content);
    const plain =
      path === "ca.key" || path === "access.json" ? unseal(bytes, sealedContext(path), master) : bytes;
    const to = { "ca.pem": home.caFile, "ca.key": join(home.keys, "ca.key"), "access.json": home.accessFile }[
      path
    ];
    if (to !== undefined)
      await writeFile(to, plain, { mode: path === "ca.pem" ? 0o644 : 0o600, flag: "wx", flush: true });
  };
  const take: RestoreFiles["take"] = async (file) => {
    const { section, path, changedAt } = file;
    if (section === "keys") return await takeKey(file);
    const root = folders[section];
    if (root === undefined) throw new ArchiveDamaged(`${section} is no part of a home`);
    const repository = section === "git" ? path.slice(0, path.indexOf(".git/")) : undefined;
    if (repository !== undefined && !made.has(repository)) {
      // Its settings are ours, whatever those were that it had.
      await ensureRepository(settings, repository);
      await rm(join(root, `${repository}.git`, "HEAD"), { force: true });
      made.add(repository);
    }
    const place = join(root, path);
    await folderFor(place);
    await pipeline(file.content, createWriteStream(place, { flags: "wx", mode: 0o600 }));
    const named = namedDigest(section, path);
    if (named !== undefined && named !== file.digest()) {
      await rm(place);
      leftOut.push(`${section}/${path}`);
      return;
    }
    // Logs and outputs are kept by their age; what the images' sweep sees is new.
    if (section !== "images" && section !== "repositories") await utimes(place, changedAt, changedAt);
  };
  return { take, leftOut };
}
