import { chmod, mkdir, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { maxSatisfying, satisfies, valid, validRange } from "semver";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import { copyFolder } from "../../shared/copy-folder.ts";
import { openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { type Packument, registryDownload } from "../../shared/node-sources.ts";
import { versionsToOffer } from "../../shared/node-version.ts";
import { once } from "../../shared/once.ts";
import type { NodeRuntime } from "../../shared/provide-node.ts";
import { type Fetcher, unpackArchive } from "../../shared/verified-download.ts";
import type { NodeProject, PackageJson } from "./node-project.ts";

/** The npm that builds an app unless it asks for another: the newest line that runs on its Node.js, pinned. */
const PINNED: readonly { readonly node: string; readonly npm: string }[] = [
  { node: "^20.17.0 || >=22.9.0", npm: "11.6.2" },
  { node: "^18.17.0 || >=20.5.0", npm: "10.9.4" },
  { node: "^14.17.0 || ^16.13.0 || >=18.0.0", npm: "9.9.4" },
  { node: "*", npm: "6.14.18" },
];

/** An npm range the app states, and where. */
export interface NpmRequirement {
  readonly range: string;
  readonly statedIn: string;
}

export function pinnedNpm(nodeVersion: string): string {
  return PINNED.find(({ node }) => satisfies(nodeVersion, node))?.npm ?? "6.14.18";
}

/** `packageManager: "npm@x.y.z"` or `engines.npm`, when the pinned npm is not what they ask for. */
export function npmRequirement(packageJson: PackageJson, pinned: string): NpmRequirement | undefined {
  const exact = /^npm@([^+]+)/.exec(packageJson.packageManager ?? "")?.[1];
  const stated =
    exact !== undefined
      ? { range: exact, statedIn: "packageManager in package.json" }
      : { range: packageJson.engines?.npm ?? "*", statedIn: "engines.npm in package.json" };
  if (validRange(stated.range) === null) {
    throw new BuildFailure(`"${stated.range}" is no version or range of npm (${stated.statedIn}).`, [
      'A range looks like "10.x" or ">=9".',
    ]);
  }
  return satisfies(pinned, stated.range) ? undefined : stated;
}

/**
 * The version of npm to build with. The registry is asked only when neither the pinned version nor the one that the
 * last build kept is what the app asks for.
 */
export async function chooseNpm(
  packageJson: PackageJson,
  { nodeVersion, kept }: { readonly nodeVersion: string; readonly kept: string | undefined },
  fetcher: Fetcher,
): Promise<string> {
  const pinned = pinnedNpm(nodeVersion);
  const required = npmRequirement(packageJson, pinned);
  if (required === undefined) return pinned;
  const exact = valid(required.range);
  if (exact !== null) return exact;
  if (kept !== undefined && satisfies(kept, required.range)) return kept;
  const versions = Object.keys((await npmPackument(fetcher)).versions);
  const version = maxSatisfying(versions, required.range);
  if (version !== null) return version;
  throw new BuildFailure(`No npm version fits ${required.range} (${required.statedIn}).`, [
    `Versions that are to be had: ${versionsToOffer(required.range, versions).join(", ")} and others.`,
    `Leave it out to build with npm ${pinned}.`,
  ]);
}

/** npm of the version the app gets, fetched when it is first needed and kept for the next build. */
export interface Npm {
  /** Of the Node.js it runs on. */
  readonly nodeVersion: string;
  version(): Promise<string>;
  /** The folder with `bin/npm`. */
  folder(): Promise<string>;
  /** The folder with `bin/node`. */
  node(): Promise<string>;
  /** Declares what the next build gets back. Call it once, at the end. */
  keep(): Promise<void>;
}

export async function makeNpm(
  context: BuildContext,
  from: { readonly node: NodeRuntime; readonly project: NodeProject; readonly fetcher: Fetcher },
): Promise<Npm> {
  const { node, project, fetcher } = from;
  const layer = await openLayer(context.layersDir, "npm");
  const last = layer.restored ? layer.metadata : undefined;
  const kept = typeof last?.version === "string" ? last.version : undefined;
  const version = once(() => chooseNpm(project.packageJson, { nodeVersion: node.version, kept }, fetcher));
  let declared = last;
  const folder = once(async () => {
    const metadata = { version: await version(), buildpack: context.version };
    if (!layer.restored || !sameMetadata(layer, metadata)) {
      context.log.detail(`Fetching npm ${metadata.version}`);
      await installNpm(metadata.version, layer.dir, { context, fetcher });
    }
    declared = metadata;
    return layer.dir;
  });
  return {
    nodeVersion: node.version,
    version,
    folder,
    node: node.toolchain,
    async keep() {
      if (declared) await saveLayer(layer, { cache: true }, declared);
    },
  };
}

/** Installs npm below `folder` as `lib/node_modules/npm` with `bin/npm` and `bin/npx`. */
async function installNpm(
  version: string,
  folder: string,
  { context, fetcher }: { readonly context: BuildContext; readonly fetcher: Fetcher },
): Promise<void> {
  const target = path.join(folder, "lib", "node_modules", "npm");
  await rm(target, { recursive: true, force: true });
  const packument = await npmPackument(fetcher);
  try {
    const archive = await fetcher.file(registryDownload("npm", version, packument));
    await unpackArchive(archive, target, { members: ["*"], env: context.env, signal: context.signal });
  } catch (thrown) {
    throw new BuildFailure(`npm ${version} could not be fetched: ${reasonOf(thrown)}.`, [
      `Push again to repeat the build, or ask for another version. Newest ones: ${versionsToOffer(version, Object.keys(packument.versions)).join(", ")}.`,
    ]);
  }
  await linkNpm(folder);
}

/** Copies an installed npm, so that a launch layer gets the one the build used. */
export async function copyNpm(
  context: Pick<BuildContext, "env" | "signal">,
  from: string,
  to: string,
): Promise<void> {
  const place = path.join("lib", "node_modules");
  await mkdir(path.join(to, place), { recursive: true });
  await copyFolder(context, path.join(from, place, "npm"), path.join(to, place, "npm"));
  await linkNpm(to);
}

async function linkNpm(folder: string): Promise<void> {
  await mkdir(path.join(folder, "bin"), { recursive: true });
  for (const name of ["npm", "npx"]) {
    const link = path.join(folder, "bin", name);
    await chmod(path.join(folder, "lib", "node_modules", "npm", "bin", `${name}-cli.js`), 0o755);
    await rm(link, { force: true });
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, link);
  }
}

async function npmPackument(fetcher: Fetcher): Promise<Packument> {
  try {
    return (await fetcher.json("/npm")) as Packument;
  } catch (thrown) {
    throw new BuildFailure(`The npm registry could not be asked for npm: ${reasonOf(thrown)}.`, [
      "Push again to repeat the build. The operator names another registry in npm_config_registry.",
    ]);
  }
}
