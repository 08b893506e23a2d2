import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, realpath, rename, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { removeTree } from "../../files/trees/index.ts";
import { CERTIFICATE_PATHS, DEVICES, type HostBase } from "./host-base.ts";
import { becomeText, initText, TOOLS_FOLDER } from "./sandbox-scripts.ts";

/** How the programs are called that build a sandbox whose root file system is an image's own. */
export interface OwnRootTools {
  /** What stands above the image: mount points, devices, certificates, and an `ld.so.preload` that names nothing. */
  readonly base: HostBase;
  /** A folder of this machine with the programs, bound into the sandbox. */
  readonly folder: string;
  /** The program and arguments that run one of them inside. */
  readonly call: (name: string) => readonly string[];
}

const NAMES = ["sh", "setpriv", "unshare", "umount", "setsid"] as const;
/** What filters system calls, where they are filtered. */
const FILTERING = ["perl"] as const;
const FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
const run = promisify(execFile);

/**
 * Copies what builds a sandbox, with the libraries it needs, into a folder of its own: once the image's files are the root,
 * nothing of the image may run before all privileges are gone, and this machine's programs would not find their libraries.
 * Each is called through this machine's own loader. Throws when a program is not there.
 */
export async function prepareOwnRootTools(
  directory: string,
  { certificates, filtered }: { readonly certificates: string | undefined; readonly filtered: boolean },
): Promise<OwnRootTools> {
  const making = `${directory}.new`;
  await removeTree(making);
  for (const name of ["tools/bin", "tools/lib", "base"])
    await mkdir(join(making, name), { recursive: true, mode: 0o755 });
  let loader: string | undefined;
  for (const name of [...NAMES, ...(filtered ? FILTERING : [])]) {
    const found = FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (!found) throw new Error(`the program ${name} is not there`);
    const program = await realpath(found);
    await copyFile(program, join(making, "tools/bin", name));
    loader = (await copyLibraries(program, join(making, "tools/lib"))) ?? loader;
  }
  const call = callsOf(loader);
  const words = (name: string) => call(name).join(" ");
  await writeFile(join(making, "tools/init"), initText({ setsid: words("setsid"), sh: words("sh") }));
  await writeFile(join(making, "tools/become"), becomeText());
  await writeFile(join(making, "tools/nothing"), "");
  const devices = await makeBase(join(making, "base"), certificates);
  await run("chmod", ["-R", "a+rX,go-w", making]);
  await chmod(join(making, "base/tmp"), 0o1777);
  await removeTree(directory);
  await rename(making, directory);
  return {
    base: { directory: join(directory, "base"), folders: [], devices },
    folder: join(directory, "tools"),
    call,
  };
}

/** A program without libraries is called as it is. */
function callsOf(loader: string | undefined): OwnRootTools["call"] {
  const inside = (path: string) => join(TOOLS_FOLDER, path);
  return (name) =>
    loader === undefined
      ? [inside(`bin/${name}`)]
      : [inside(`lib/${loader}`), "--library-path", inside("lib"), inside(`bin/${name}`)];
}

/** Copies what ldd(1) lists, and returns the name of the loader; undefined for a program that needs none. */
async function copyLibraries(program: string, to: string): Promise<string | undefined> {
  const listed = await run("ldd", [program]).catch(() => undefined);
  const { libraries, loader } = readLibraries(listed?.stdout ?? "");
  for (const path of [...libraries, ...(loader ? [loader] : [])])
    await copyFile(path, join(to, basename(path)));
  return loader && basename(loader);
}

/** The libraries that ldd(1) lists, and the loader among them: the one that is named by its path alone. */
export function readLibraries(text: string): { libraries: readonly string[]; loader: string | undefined } {
  const libraries = [...text.matchAll(/=> (\/\S+)/g)].map(([, path = ""]) => path);
  const loader = /^\s*(\/\S+)(?: =>.*)? \(0x/m.exec(text)?.[1];
  return { libraries, loader };
}

/** Stands above the image's layers, so that no link of an image is where a mount goes. */
async function makeBase(base: string, certificates: string | undefined): Promise<string[]> {
  const at = (...parts: string[]) => join(base, ...parts);
  const folders = ["proc", "sys", "mnt", "tmp", "etc/ssl/certs", "dev/pts", "dev/shm", TOOLS_FOLDER.slice(1)];
  for (const folder of folders) await mkdir(at(folder), { recursive: true });
  const devices = DEVICES.filter((name) => existsSync(`/dev/${name}`));
  for (const name of [...devices, "console"]) await writeFile(at("dev", name), "");
  await symlink("pts/ptmx", at("dev/ptmx"));
  await symlink("/proc/self/fd", at("dev/fd"));
  for (const [fd, name] of ["stdin", "stdout", "stderr"].entries())
    await symlink(`/proc/self/fd/${fd}`, at("dev", name));
  for (const name of ["hosts", "resolv.conf", "ld.so.preload"]) await writeFile(at("etc", name), "");
  await symlink("/proc/mounts", at("etc/mtab"));
  const source = certificates ?? CERTIFICATE_PATHS.find((path) => existsSync(path));
  if (source) await copyFile(source, at(CERTIFICATE_PATHS[0]));
  return [...devices];
}
