import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import { contentKey } from "../../shared/content-key.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { type Packument, registryDownload } from "../../shared/node-sources.ts";
import { versionsToOffer } from "../../shared/node-version.ts";
import { once } from "../../shared/once.ts";
import type { NodeRuntime } from "../../shared/provide-node.ts";
import { type Fetcher, unpackArchive } from "../../shared/verified-download.ts";
import type { ManagerChoice, ManagerKind, ManagerRequirement } from "./choose-packager.ts";
import { chooseManagerVersion, nameOf, PACKAGES, PROGRAMS } from "./packager-version.ts";
import { linkPrograms } from "./program-links.ts";

/** A package manager of the version the app gets, fetched when it is first needed and kept for the next build. */
export interface Manager {
  readonly kind: ManagerKind;
  /** Of the Node.js it runs on. */
  readonly nodeVersion: string;
  version(): Promise<string>;
  /** The JavaScript file to run. */
  program(): Promise<string>;
  /** The folder with `bin/<program>`, for PATH; undefined where the repository brings the program. */
  folder(): Promise<string | undefined>;
  /** The folder with `bin/node`. */
  node(): Promise<string>;
  /** Declares what the next build gets back. Call it once, at the end. */
  keep(): Promise<void>;
}

interface ManagerSource {
  readonly node: NodeRuntime;
  readonly choice: Pick<ManagerChoice, "kind" | "lock" | "asked">;
  readonly fetcher: Fetcher;
}

export async function makeManager(
  context: BuildContext,
  { node, choice, fetcher }: ManagerSource,
): Promise<Manager> {
  const { kind, asked } = choice;
  const name = PACKAGES[kind];
  const layer = await openLayer(context.layersDir, PROGRAMS[kind]);
  const last = layer.restored ? layer.metadata : undefined;
  const kept = typeof last?.version === "string" ? last.version : undefined;
  const listed = once(() => packumentOf(name, fetcher));
  const versions = async () => Object.keys((await listed()).versions);
  const version = once(() => chooseManagerVersion(choice, { nodeVersion: node.version, kept }, versions));
  let declared = last;
  const folder = once(async () => {
    const metadata = {
      version: await version(),
      buildpack: context.version,
      hash: asked?.hash?.digest ?? "",
    };
    if (!layer.restored || !sameMetadata(layer, metadata)) {
      context.log.detail(`Fetching ${nameOf(kind)} ${metadata.version}`);
      await clearLayer(layer);
      await installTool({ kind, version: metadata.version, asked }, layer.dir, { context, fetcher, listed });
    }
    declared = metadata;
    return layer.dir;
  });
  return {
    kind,
    nodeVersion: node.version,
    version,
    folder,
    program: async () => path.join(await folder(), "bin", PROGRAMS[kind]),
    node: node.toolchain,
    async keep() {
      if (declared) await saveLayer(layer, { cache: true }, declared);
    },
  };
}

/** Yarn from a file of the repository (`yarnPath`): nothing is fetched. Its version is the content's key. */
export async function managerOfApp(
  context: BuildContext,
  { node, file }: { readonly node: NodeRuntime; readonly file: string },
): Promise<Manager> {
  const program = path.join(context.appDir, file);
  return {
    kind: "berry",
    nodeVersion: node.version,
    version: once(async () => {
      const named = /(\d+\.\d+\.\d+[^/]*?)\.c?js$/.exec(file)?.[1] ?? "4.0.0";
      return `${named}+${contentKey(await readFile(program)).slice(0, 16)}`;
    }),
    program: async () => program,
    folder: async () => undefined,
    node: node.toolchain,
    keep: async () => {},
  };
}

interface ToolVersion {
  readonly kind: ManagerKind;
  readonly version: string;
  readonly asked?: ManagerRequirement | undefined;
}

interface Installing {
  readonly context: BuildContext;
  readonly fetcher: Fetcher;
  readonly listed: () => Promise<Packument>;
}

/** Installs a manager below `folder` as `lib/node_modules/<name>` with its programs in `bin`. */
async function installTool(
  tool: ToolVersion,
  folder: string,
  { context, fetcher, listed }: Installing,
): Promise<void> {
  const { kind, version } = tool;
  const target = path.join(folder, "lib", "node_modules", PROGRAMS[kind]);
  const packument = await listed();
  try {
    const archive = await fetcher.file(registryDownload(PACKAGES[kind], version, packument));
    await unpackArchive(archive, target, { members: ["*"], env: context.env, signal: context.signal });
    // Corepack takes the digest of the archive, and for Yarn 2 and later of the program in it.
    await checkHash(tool, kind === "berry" ? path.join(target, "bin", "yarn.js") : archive);
  } catch (thrown) {
    if (thrown instanceof BuildFailure) throw thrown;
    const newest = versionsToOffer(version, Object.keys(packument.versions)).join(", ");
    throw new BuildFailure(`${nameOf(kind)} ${version} could not be fetched: ${reasonOf(thrown)}.`, [
      `Push again to repeat the build, or ask for another version. Newest ones: ${newest}.`,
    ]);
  }
  await linkPrograms(folder, PROGRAMS[kind]);
}

/** Compares with what stands behind the `+` of `packageManager`. */
async function checkHash({ kind, version, asked }: ToolVersion, file: string): Promise<void> {
  if (asked?.hash === undefined) return;
  const { algorithm, digest } = asked.hash;
  const found = createHash(algorithm)
    .update(await readFile(file))
    .digest("hex");
  if (found === digest) return;
  throw new BuildFailure(
    `${nameOf(kind)} ${version} from the registry is not the one that packageManager in package.json names: its ${algorithm} is ${found}.`,
    [`Write it anew: corepack use ${PROGRAMS[kind]}@${version}. Or leave out everything from the + on.`],
  );
}

async function packumentOf(name: string, fetcher: Fetcher): Promise<Packument> {
  try {
    return (await fetcher.json(`/${name.replace("/", "%2f")}`)) as Packument;
  } catch (thrown) {
    throw new BuildFailure(`The npm registry could not be asked for ${name}: ${reasonOf(thrown)}.`, [
      "Push again to repeat the build. The operator names another registry in npm_config_registry.",
    ]);
  }
}
