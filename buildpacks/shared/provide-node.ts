import { constants, copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { valid, validRange } from "semver";
import type { BuildContext } from "./build-context.ts";
import { BuildFailure } from "./build-failure.ts";
import {
  clearLayer,
  dropLayer,
  type Layer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "./layer-folder.ts";
import { type NodeSource, nodeSource } from "./node-sources.ts";
import type { NodeRequirement } from "./node-version.ts";
import { once } from "./once.ts";
import { fetchNodeArchive, resolveNode } from "./resolve-node.ts";
import { askedLately, noteAsked } from "./runtime-recheck.ts";
import { runtimeSources } from "./runtime-sources.ts";
import { type Fetcher, unpackArchive } from "./verified-download.ts";
import { addWebConcurrency } from "./web-concurrency.ts";

export interface NodeRuntime {
  readonly version: string;
  /** Whether it is fetched in this build. */
  readonly isNew: boolean;
  /**
   * A folder with `bin/node` and the headers, for running things in this build. It is fetched at the first call and
   * kept for the next build; a build that calls it never gives the kept one back.
   */
  toolchain(): Promise<string>;
  /** Waits for the layer, and declares what of the toolchain is kept. Call it once, at the end. */
  keep(): Promise<void>;
}

export interface NodeUse {
  /** Whether the build is going to need the toolchain, which is then unpacked at once with the layer. */
  readonly tools: boolean;
}

/**
 * Puts Node.js into the image as the layer `node`: the binary, NODE_ENV and the program that sets WEB_CONCURRENCY.
 * When the app asks for the same as at its last build and that is not a week ago, nothing is asked or fetched, and
 * the layer of the previous image is used as it is. Fetching goes on after this has returned: `toolchain` and `keep`
 * wait for it, and reject when it failed.
 */
export async function provideNode(
  context: BuildContext,
  requirement: NodeRequirement,
  { fetcher, tools }: NodeUse & { readonly fetcher: Fetcher },
): Promise<NodeRuntime> {
  const sources = listSources(context, fetcher);
  const layer = await openLayer(context.layersDir, "node");
  const check = await openLayer(context.layersDir, "node-check");
  const version = await versionFor(context, { requirement, sources, layer, check });
  const archive = once(() => {
    context.log.detail(`Fetching Node.js ${version}`);
    return fetchNodeArchive(version, sources, fetcher);
  });
  const wanted = layerMetadata(context, requirement, version);
  const toolchain = await openToolchain(context, version);
  const unpackToolchain = once(async () => {
    if (toolchain.usable) return toolchain.layer.dir;
    await clearLayer(toolchain.layer);
    await unpack(context, await archive(), toolchain.layer.dir, [...RUNTIME, "*/include/*"]);
    toolchain.usable = true;
    return toolchain.layer.dir;
  });
  const isNew = !sameMetadata(layer, wanted);
  const makeLayer = async () => {
    if (isNew) {
      await clearLayer(layer);
      // The archive is unpacked once only where both are wanted: that takes a second.
      if (tools) await copyRuntime(await unpackToolchain(), layer.dir);
      else await unpack(context, await archive(), layer.dir, RUNTIME);
      await addLaunchSettings(context, layer);
    }
    await saveLayer(layer, { launch: true }, wanted);
  };
  const made = makeLayer();
  // Whoever waits for it is told of a failure.
  made.catch(() => {});
  return {
    version,
    isNew,
    toolchain: () => made.then(unpackToolchain),
    keep: async () => {
      await made;
      if (toolchain.usable) await saveLayer(toolchain.layer, { cache: true }, toolchain.metadata);
      else await dropLayer(toolchain.layer);
    },
  };
}

/** What of the archive is launched. */
const RUNTIME = ["*/bin/node", "*/LICENSE"];

async function copyRuntime(from: string, to: string): Promise<void> {
  await mkdir(path.join(to, "bin"));
  for (const file of ["bin/node", "LICENSE"])
    await copyFile(path.join(from, file), path.join(to, file), constants.COPYFILE_FICLONE);
}

function listSources(context: BuildContext, fetcher: Fetcher): readonly NodeSource[] {
  const arch = process.arch;
  if (arch !== "x64" && arch !== "arm64") {
    throw new BuildFailure(`There is no Node.js for this machine (${arch}).`, ["Build on x64 or arm64."]);
  }
  const read = runtimeSources(context.env.CONIFER_RUNTIME_SOURCES, {
    name: "nodejs",
    standard: "official registry",
  });
  if (!read.ok) throw new BuildFailure(read.message, ["This is a setting of the operator's."]);
  return read.sources.map((source) => nodeSource(source, arch, fetcher));
}

interface Choice {
  readonly requirement: NodeRequirement;
  readonly sources: readonly NodeSource[];
  readonly layer: Layer;
  readonly check: Layer;
}

async function versionFor(context: BuildContext, choice: Choice): Promise<string> {
  const { requirement, sources, layer, check } = choice;
  const { log } = context;
  log.detail(
    requirement.statedIn === undefined
      ? `No version asked for; taking the default, ${requirement.range}. Set engines.node in package.json to choose.`
      : `Version asked for: ${requirement.range || "*"} (${requirement.statedIn})`,
  );
  if (requirement.passedOver) log.detail(`Passed over: ${requirement.passedOver.join(", ")}`);
  const last = lastVersion(context, requirement, layer);
  if (
    last !== undefined &&
    (valid(requirement.range) !== null || (await askedLately(path.join(check.dir, "checked"))))
  ) {
    await saveLayer(check, { cache: true }, {});
    log.detail(`Using Node.js ${last}, as at the last build`);
    return last;
  }
  try {
    const found = await resolveNode(requirement, sources, (line) => log.detail(line));
    log.detail(`Using Node.js ${found.version} from ${found.from}`);
    await clearLayer(check);
    await noteAsked(path.join(check.dir, "checked"));
    await saveLayer(check, { cache: true }, {});
    return found.version;
  } catch (thrown) {
    if (last === undefined || !(thrown instanceof BuildFailure)) throw thrown;
    log.detail(`No source could be asked for a newer version; using Node.js ${last}, as at the last build`);
    return last;
  }
}

/** The version of the last build, when the app asked for the same then. */
function lastVersion(context: BuildContext, requirement: NodeRequirement, layer: Layer): string | undefined {
  const version = layer.metadata?.version;
  if (typeof version !== "string") return undefined;
  return sameMetadata(layer, layerMetadata(context, requirement, version)) ? version : undefined;
}

function layerMetadata(context: BuildContext, requirement: NodeRequirement, version: string) {
  return {
    version,
    range: validRange(requirement.range) ?? requirement.range,
    arch: process.arch,
    sources: context.env.CONIFER_RUNTIME_SOURCES ?? "",
    buildpack: context.version,
  };
}

async function addLaunchSettings(context: BuildContext, layer: Layer): Promise<void> {
  await setLaunchEnv(layer, { name: "NODE_ENV", operation: "default", value: "production" });
  await addWebConcurrency(context, layer);
}

interface Toolchain {
  readonly layer: Layer;
  readonly metadata: Readonly<Record<string, string>>;
  usable: boolean;
}

async function openToolchain(context: BuildContext, version: string): Promise<Toolchain> {
  const layer = await openLayer(context.layersDir, "toolchain");
  const metadata = { version, arch: process.arch, buildpack: context.version };
  return { layer, metadata, usable: layer.restored && sameMetadata(layer, metadata) };
}

function unpack(
  context: BuildContext,
  archive: string,
  target: string,
  members: readonly string[],
): Promise<void> {
  return unpackArchive(archive, target, { members, env: context.env, signal: context.signal });
}
