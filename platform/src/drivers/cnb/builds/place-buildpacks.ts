import { lstat, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "smol-toml";
import { type DownloadOptions, fetchArchive } from "../../../delivery/source/index.ts";
import { BusinessError, errorText, invalidParams } from "../../../kernel/index.ts";
import { kindInside, readInside, unpackTar } from "../../files/trees/index.ts";
import type { AvailableBuildpack } from "./buildpack-order.ts";
import { type OwnBuildpack, requireBuildpackName } from "./own-buildpack.ts";

/** How buildpacks that a source names by address are got. */
export interface BuildpackFetching {
  readonly signal: AbortSignal;
  /** Told what takes time. */
  readonly tell: (line: string) => void;
  readonly download?: Omit<DownloadOptions, "signal">;
}

/** Where phases find the platform's own buildpacks and the source. */
const PLATFORM_BUILDPACKS = "/cnb/buildpacks";
const WORKSPACE = "/workspace";
/** The platform's buildpack that runs classic ones, and the folder in which it looks for the one it runs. */
const ADAPTER = "conifer/classic";
const ADAPTED = "target";

const MOST_OWN = 20;
const MOST_ARCHIVE_BYTES = 200 * 1024 * 1024;
const MOST_CONTENT = { maxTotalBytes: 1024 * 1024 * 1024, maxEntries: 50_000 };
const DESCRIPTOR_BYTES = 1024 * 1024;

export interface BuildpackFolder {
  /** The folder to fill, which exists: `<id with / as _>/<version>` of each buildpack (Platform API, "Buildpacks directory"). */
  readonly at: string;
  /** The source's folder, unpacked. */
  readonly workspace: string;
  readonly available: readonly AvailableBuildpack[];
  readonly fetching: BuildpackFetching;
}

/**
 * Fills the buildpacks folder of one build: links to the platform's own, and what the source names or brings. A classic
 * buildpack (`bin/compile`) gets the platform's adapter around it. Throws invalid_params for what is no buildpack.
 */
export async function placeBuildpacks(
  wanted: readonly OwnBuildpack[],
  folder: BuildpackFolder,
): Promise<ReadonlyMap<OwnBuildpack, AvailableBuildpack>> {
  if (wanted.length > MOST_OWN)
    throw invalidParams(
      `project.toml names ${wanted.length} buildpacks of its own; the most is ${MOST_OWN}.`,
    );
  for (const { id, version } of folder.available)
    await link(folder, { id, version }, join(PLATFORM_BUILDPACKS, folderOf(id), version));
  const placed = new Map<OwnBuildpack, AvailableBuildpack>();
  for (const [n, own] of wanted.entries()) placed.set(own, await placeOne(own, n, folder));
  return placed;
}

const folderOf = (id: string) => id.replaceAll("/", "_");

async function placeOne(own: OwnBuildpack, n: number, folder: BuildpackFolder): Promise<AvailableBuildpack> {
  if (own.kind === "script") return await placeScript(own, folder);
  if (own.kind === "folder") {
    const found = await look(join(folder.workspace, own.path), own, `The folder ${own.path} of the source`);
    return await place(found, folder, { target: join(WORKSPACE, own.path), version: "source" });
  }
  const content = join(folder.at, `.own-${n}`);
  const sha256 = await fetchInto(content, own, folder);
  const found = await look(content, own, `The buildpack ${own.address}`);
  return await place(found, folder, { target: content, version: sha256.slice(0, 12) });
}

async function fetchInto(
  content: string,
  own: Extract<OwnBuildpack, { kind: "address" }>,
  { fetching }: BuildpackFolder,
): Promise<string> {
  fetching.tell(`-----> Fetching buildpack ${own.address}`);
  await mkdir(content, { mode: 0o755 });
  try {
    return await fetchArchive({
      ...{ address: own.address, sha256: own.sha256, file: `${content}.download` },
      ...{ maxBytes: MOST_ARCHIVE_BYTES, limits: MOST_CONTENT },
      download: { ...fetching.download, signal: fetching.signal },
      take: (tar) =>
        unpackTar(tar, content, {
          limits: { bytes: MOST_CONTENT.maxTotalBytes, entries: MOST_CONTENT.maxEntries },
        }),
    });
  } catch (thrown) {
    if (!(thrown instanceof BusinessError)) throw thrown;
    throw invalidParams(`The buildpack ${own.address} cannot be used. ${errorText(thrown)}`);
  }
}

/** What a folder turned out to hold. */
type Found =
  | { readonly kind: "cnb"; readonly id: string; readonly version: string }
  | { readonly kind: "classic"; readonly id: string };

async function look(at: string, { name }: { readonly name: string }, what: string): Promise<Found> {
  const text = await readInside(at, "buildpack.toml", DESCRIPTOR_BYTES);
  const descriptor = text === undefined ? {} : parseDescriptor(text, what);
  if (typeof descriptor.api === "string") {
    const { id = "", version = "" } = (descriptor.buildpack ?? {}) as { id?: unknown; version?: unknown };
    requireBuildpackName(String(id), String(version), what);
    return { kind: "cnb", id: String(id), version: String(version) };
  }
  if ((await kindInside(at, "bin/compile")) === "file") return { kind: "classic", id: `classic/${name}` };
  throw invalidParams(
    `${what} is no buildpack: it has neither a buildpack.toml with an "api" nor a bin/compile at its top.`,
  );
}

function parseDescriptor(text: string, what: string): Record<string, unknown> {
  try {
    return parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw invalidParams(`${what} has a buildpack.toml that is not TOML: ${errorText(cause).split("\n")[0]}`);
  }
}

/** `target` is where its content is: the path in a build, or a folder in `folder.at` that may be moved. */
async function place(
  found: Found,
  folder: BuildpackFolder,
  { target, version }: { readonly target: string; readonly version: string },
): Promise<AvailableBuildpack> {
  const bring = (at: string) => (target.startsWith(folder.at) ? rename(target, at) : symlink(target, at));
  if (found.kind === "cnb") {
    const { id } = found;
    const at = await freePlace(folder, found);
    await bring(at);
    return { id, version: found.version };
  }
  const { id } = found;
  const adapter = folder.available.find((one) => one.id === ADAPTER);
  if (!adapter) throw invalidParams("This platform's builder does not run classic buildpacks.");
  const at = await freePlace(folder, { id, version });
  await mkdir(at);
  await writeFile(join(at, "buildpack.toml"), classicDescriptor(id, version));
  await symlink(join(PLATFORM_BUILDPACKS, folderOf(ADAPTER), adapter.version, "bin"), join(at, "bin"));
  await bring(join(at, ADAPTED));
  return { id, version };
}

/** A classic buildpack gets the app's variables as files, and not in its environment. */
function classicDescriptor(id: string, version: string): string {
  const name = id.slice("classic/".length);
  return stringify({ api: "0.10", buildpack: { id, version, name, "clear-env": true } });
}

async function placeScript(
  own: Extract<OwnBuildpack, { kind: "script" }>,
  folder: BuildpackFolder,
): Promise<AvailableBuildpack> {
  const named = { id: own.id, version: "source" };
  requireBuildpackName(own.id, named.version, "An inline buildpack of project.toml");
  const at = await freePlace(folder, named);
  await mkdir(join(at, "bin"), { recursive: true });
  await writeFile(join(at, "buildpack.toml"), stringify({ api: own.api, buildpack: named }));
  const program = { mode: 0o755 };
  await writeFile(join(at, "bin", "detect"), "#!/bin/sh\n", program);
  await writeFile(join(at, "bin", "build"), own.script, program);
  return named;
}

async function link(folder: BuildpackFolder, named: AvailableBuildpack, target: string): Promise<void> {
  await symlink(target, await freePlace(folder, named));
}

/** Where a buildpack goes; nothing is there yet. Throws invalid_params when another has the same id and version. */
async function freePlace({ at }: BuildpackFolder, { id, version }: AvailableBuildpack): Promise<string> {
  const place = join(at, folderOf(id), version);
  if (await lstat(place).catch(() => undefined))
    throw invalidParams(
      `project.toml brings the buildpack ${id} ${version}, and there is one of that name already.`,
    );
  await mkdir(join(at, folderOf(id)), { recursive: true });
  return place;
}
