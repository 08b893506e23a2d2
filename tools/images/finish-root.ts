import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DebianPackage, makeDpkgStatus } from "../../buildpacks/shared/apt-output.ts";
import { CLASSIC_APP } from "../../platform/src/drivers/embedded/builds/index.ts";
import { ALTERNATIVES, type AppUser, MADE_FOLDERS, MADE_LINKS, makeFiles } from "./made-files.ts";
import { MERGED_FOLDERS } from "./root-paths.ts";
import { runInRoot } from "./unpack-packages.ts";

/**
 * Makes what the packages' maintainer scripts would have made. None of them is run: each does more than is wanted, and
 * some need a running system.
 */
export async function finishRoot(
  root: string,
  packages: readonly DebianPackage[],
  user: AppUser,
): Promise<void> {
  await makeRootFiles(root, packages, user);
  await runInRoot(root, ["ldconfig", "-X"]);
  await rm(join(root, "var/cache/ldconfig"), { recursive: true, force: true });
  await linkCertificates(root);
  await runInRoot(root, rehash(""));
  await compilePython(root, "", (argv) => runInRoot(root, argv));
}

/**
 * The same for a root of another architecture, by the programs of a root of this machine's that has the same packages. It
 * has no cache of libraries: the loader finds Debian's folders by itself.
 */
export async function finishForeignRoot(
  root: string,
  packages: readonly DebianPackage[],
  { user, tools }: { readonly user: AppUser; readonly tools: string },
): Promise<void> {
  await makeRootFiles(root, packages, user);
  await linkCertificates(root);
  await rename(root, join(tools, TARGET));
  try {
    await runInRoot(tools, rehash(TARGET));
    await compilePython(join(tools, TARGET), TARGET, (argv) => runInRoot(tools, argv));
  } finally {
    await rename(join(tools, TARGET), root);
  }
}

const TARGET = "/target";
const rehash = (below: string) => ["openssl", "rehash", `${below}/etc/ssl/certs`];

/** The part of it that runs no program, so that a root may be for another architecture than this machine's. */
export async function makeRootFiles(
  root: string,
  packages: readonly DebianPackage[],
  user: AppUser,
): Promise<void> {
  const at = (path: string) => join(root, path);
  for (const folder of MERGED_FOLDERS)
    if (existsSync(at(`usr/${folder}`))) await symlink(`usr/${folder}`, at(folder));
  for (const folder of [...Object.keys(MADE_FOLDERS), user.home.slice(1)])
    await mkdir(at(folder), { recursive: true });
  const texts = await readTexts(root, packages);
  for (const [path, text] of makeFiles(user, texts)) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text, { mode: 0o644 });
  }
  for (const [path, target] of Object.entries(MADE_LINKS)) await makeLink(at(path), target);
  await symlink(CLASSIC_APP.target, at(CLASSIC_APP.link));
  await makeAlternatives(root);
}

/** Each certificate by a name of its own, and later by its hash: some programs read the bundle, some the folder. */
async function linkCertificates(root: string): Promise<void> {
  for (const name of await certificateNames(root)) {
    const link = join(root, "etc/ssl/certs", name.replace(/\.crt$/, ".pem"));
    await makeLink(link, `/${CERTIFICATES}/${name}`);
  }
}

async function readTexts(root: string, packages: readonly DebianPackage[]) {
  const read = (path: string) => readFile(join(root, path), "utf8");
  const names = await certificateNames(root);
  return {
    passwd: await read("usr/share/base-passwd/passwd.master"),
    group: await read("usr/share/base-passwd/group.master"),
    certificates: await Promise.all(names.map((name) => read(`${CERTIFICATES}/${name}`))),
    dpkgStatus: makeDpkgStatus(packages),
  };
}

const CERTIFICATES = "usr/share/ca-certificates/mozilla";

async function certificateNames(root: string): Promise<string[]> {
  return (await readdir(join(root, CERTIFICATES))).filter((name) => name.endsWith(".crt")).sort();
}

/** A link in the place of whatever was there. */
async function makeLink(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}

async function makeAlternatives(root: string): Promise<void> {
  for (const [name, programs] of Object.entries(ALTERNATIVES)) {
    const program = programs.find((one) => existsSync(join(root, "usr/bin", one)));
    if (program === undefined || existsSync(join(root, "usr/bin", name))) continue;
    await makeLink(join(root, "etc/alternatives", name), `/usr/bin/${program}`);
    await makeLink(join(root, "usr/bin", name), `/etc/alternatives/${name}`);
  }
}

/**
 * Python's library, compiled: apps cannot do it later, since they may not write there. By content and not by time, so
 * that it is valid whatever times the image's files have.
 */
async function compilePython(
  root: string,
  below: string,
  run: (argv: readonly string[]) => Promise<string>,
): Promise<void> {
  const found = (await readdir(join(root, "usr/lib"))).filter((name) => /^python3(?:\.\d+)?$/.test(name));
  const folders = found.sort().map((name) => `${below}/usr/lib/${name}`);
  const place = below === "" ? [] : ["-s", below, "-p", "/"];
  await run([
    ...["python3", "-B", "-m", "compileall", "-f", "-q", "--invalidation-mode", "unchecked-hash"],
    // Syntax of other versions, kept for a converter's tests and the like.
    ...["-x", "lib2to3/tests|/bad", ...place, ...folders],
  ]);
}
