import { existsSync } from "node:fs";
import {
  lstat,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DebianPackage } from "./apt-output.ts";
import type { AptSession } from "./apt-session.ts";
import type { BuildContext } from "./build-context.ts";
import { contentKey } from "./content-key.ts";
import { type DebianBase, tripletOf } from "./debian-archive.ts";
import { clearLayer, type EnvOperation, type Layer } from "./layer-folder.ts";
import { readTool } from "./run-tool.ts";

/** Of no use to an app. Licenses stay: whoever passes an image on has to pass them on too. */
const LEFT_OUT = [
  ...["man", "info", "locale", "lintian", "bug", "doc-base", "menu", "bash-completion", "applications"],
  ...["pixmaps", "systemtap", "apport", "help"],
].map((name) => `usr/share/${name}`);

/** A name for packages in their versions; what a layer is judged by. */
export function packagesKey(packages: readonly Pick<DebianPackage, "name" | "sha256">[]): string {
  return contentKey(...packages.map(({ name, sha256 }) => `${name} ${sha256}`));
}

/**
 * Fetches packages and unpacks them into an empty layer, without running anything of theirs. Links and `pkg-config` files
 * that name places below `/usr` lead into the layer, and no program keeps the right to change its user.
 */
export async function unpackDebian(
  context: BuildContext,
  apt: AptSession,
  { packages, layer }: { readonly packages: readonly DebianPackage[]; readonly layer: Layer },
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "conifer-debs-"));
  const { env, signal } = context;
  const run = (command: string, args: readonly string[]) =>
    readTool({ command, args, cwd: "/", env, signal });
  try {
    await clearLayer(layer);
    for (const file of await apt.download(packages, folder))
      await run("dpkg-deb", ["--extract", path.join(folder, file), layer.dir]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await run("chmod", ["-R", "u+rwX,go+rX,go-w,ug-s,-t", layer.dir]);
  for (const name of LEFT_OUT) await rm(path.join(layer.dir, name), { recursive: true, force: true });
  await tidyDocuments(path.join(layer.dir, "usr/share/doc"));
  await relocateLinks(layer.dir);
  await relocatePkgConfig(layer.dir);
}

async function tidyDocuments(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const at = path.join(folder, name);
    if (!(await lstat(at)).isDirectory()) continue;
    for (const file of await readdir(at)) {
      if (file !== "copyright") await rm(path.join(at, file), { recursive: true, force: true });
    }
  }
}

/**
 * Links to absolute places become links within the folder where it has what they name. Those to libraries that only the
 * base has, such as a compiler's `libpq.so` to the base's `libpq.so.5`, lead there.
 */
export async function relocateLinks(root: string, base = "/"): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const at = path.join(entry.parentPath, entry.name);
    const target = await readlink(at);
    const place = path.resolve("/", path.relative(root, entry.parentPath), target);
    const inside = [place, path.join("/usr", place)].find((one) => existsSync(path.join(root, one)));
    const onBase = path.join(base, place);
    if (inside === undefined && !existsSync(onBase)) continue;
    const better = inside === undefined ? onBase : path.relative(entry.parentPath, path.join(root, inside));
    if (better === target) continue;
    await unlink(at);
    await symlink(better, at);
  }
}

async function relocatePkgConfig(root: string): Promise<void> {
  for (const folder of pkgConfigFolders(root)) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.endsWith(".pc")) continue;
      const at = path.join(folder, name);
      if (!(await lstat(at)).isFile()) continue;
      const text = await readFile(at, "utf8");
      await writeFile(at, text.replaceAll(/^(\w+=)\/usr(?=\/|\s*$)/gm, `$1${root}/usr`));
    }
  }
}

function pkgConfigFolders(root: string): string[] {
  const triplets = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
  return [
    ...triplets.map((one) => `usr/lib/${one}/pkgconfig`),
    "usr/lib/pkgconfig",
    "usr/share/pkgconfig",
  ].map((one) => path.join(root, one));
}

export interface FolderVariable {
  readonly name: string;
  readonly operation: EnvOperation;
  readonly value: string;
}

/** Variables by which programs, compilers and the loader find what packages in a folder have brought. */
export async function debianVariables(
  root: string,
  base: Pick<DebianBase, "architecture">,
): Promise<{ readonly launch: readonly FolderVariable[]; readonly build: readonly FolderVariable[] }> {
  const triplet = tripletOf(base);
  const at = (names: readonly string[]) => names.map((name) => path.join(root, name)).filter(existsSync);
  const libraries = at([`usr/lib/${triplet}`, "usr/lib", `lib/${triplet}`, "lib"]);
  const list = (name: string, folders: readonly string[]): FolderVariable[] =>
    folders.length === 0 ? [] : [{ name, operation: "prepend", value: folders.join(":") }];
  const launch = [
    ...list("PATH", at(["usr/bin", "usr/sbin", "bin", "sbin", "usr/games"])),
    ...list("LD_LIBRARY_PATH", [...libraries, ...(await nestedLibraries(libraries))]),
  ];
  const include = at([`usr/include/${triplet}`, "usr/include"]);
  const build = [
    ...list("LIBRARY_PATH", libraries),
    ...list("CPATH", include),
    ...list("CPPPATH", include),
    ...list("PKG_CONFIG_PATH", pkgConfigFolders(root).filter(existsSync)),
  ];
  return { launch, build };
}

/** Folders below those of libraries that hold libraries too, such as those that alternatives choose among. */
async function nestedLibraries(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders.filter((one) => one.endsWith("-linux-gnu"))) {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries
      .filter((one) => one.isDirectory())
      .sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const names = await readdir(path.join(folder, entry.name));
      if (names.some((name) => /^lib[^/]+\.so\.\d+$/.test(name))) found.push(path.join(folder, entry.name));
    }
  }
  return found;
}

/**
 * The layer's bill of materials (CycloneDX 1.5, `<layer>.sbom.cdx.json`): a component a package. It holds no time and no
 * number of its own: equal packages give equal bytes.
 */
export async function writeDebianSbom(
  layer: Layer,
  base: DebianBase,
  packages: readonly Pick<DebianPackage, "name" | "version" | "architecture" | "sha256">[],
): Promise<void> {
  const components = packages.map(({ name, version, architecture, sha256 }) => ({
    type: "library",
    name,
    version,
    purl:
      `pkg:deb/${base.id}/${encodeURIComponent(name)}@${encodeURIComponent(version)}` +
      `?arch=${architecture}&distro=${base.id}-${base.version}`,
    hashes: [{ alg: "SHA-256", content: sha256 }],
  }));
  const document = { bomFormat: "CycloneDX", specVersion: "1.5", version: 1, components };
  await writeFile(`${layer.dir}.sbom.cdx.json`, `${JSON.stringify(document, undefined, 1)}\n`);
}
