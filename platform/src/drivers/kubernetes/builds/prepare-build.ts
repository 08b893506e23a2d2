import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "smol-toml";
import {
  type BuildGround,
  type BuildpackFetching,
  type FolderSources,
  fillFolder,
  type HostRelease,
  readForeignRunImage,
  readRunImage,
} from "../../cnb/builds/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";
import type { BuildTask, PodBuilder } from "./build-task.ts";
import { readRepository } from "./repository-content.ts";

/** The builder image's part of it. */
export interface BuilderContent {
  /** `/cnb`. */
  readonly cnb: string;
  readonly release: HostRelease;
}

/** What the last container must know of the first one's work. */
export interface Prepared {
  /** Layers the image may have without bringing their content, digest → diffID. */
  readonly known: Readonly<Record<string, string>>;
}

/** The file in the build's folder that holds it. */
export const PREPARED_FILE = "prepared.json";

/**
 * Fills the folder of a build from the registry: source, variables, run image and previous image. Its subfolders may be
 * mounts. Throws invalid_params for a source that cannot be built.
 */
export async function prepareBuild(
  root: string,
  task: BuildTask,
  from: {
    readonly client: RegistryClient;
    readonly builder: BuilderContent;
    readonly fetching: BuildpackFetching;
  },
): Promise<void> {
  const { client } = from;
  const { repository } = task;
  const images = readRepository(client, repository);
  const ground = await (task.builder ? foreignGround(task.builder, images) : ownGround(task, from));
  const filled = await fillFolder(root, task.spec, {
    sources: { read: async (digest) => client.readBlob(repository, { digest }) },
    ...{ images, ...ground },
    findBuilder: async (named) => requireSame(named, task.builder?.name),
    runtimeSources: task.runtimeSources,
    hostEnv: task.hostEnv,
    sourceLimits: task.sourceLimits,
    fetching: from.fetching,
  });
  await writeFile(join(root, "run.toml"), stringify({ images: [{ image: ground.runImage.name }] }));
  const prepared: Prepared = { known: Object.fromEntries(filled.known) };
  await writeFile(join(root, PREPARED_FILE), JSON.stringify(prepared));
}

async function ownGround(
  { runImage }: BuildTask,
  { client, builder }: { readonly client: RegistryClient; readonly builder: BuilderContent },
): Promise<BuildGround> {
  return {
    runImage: await readRunImage(
      readRepository(client, runImage.repository),
      runImage.digest,
      builder.release,
    ),
    buildpacks: await listBuildpacks(join(builder.cnb, "buildpacks")),
    order: await readFile(join(builder.cnb, "order.toml"), "utf8"),
  };
}

async function foreignGround(
  { runImage, buildpacks, order }: PodBuilder,
  images: FolderSources["images"],
): Promise<BuildGround> {
  const { digest, name, path } = runImage;
  return { runImage: await readForeignRunImage(images, digest, { name, path }), buildpacks, order };
}

/** The pod was made for what the source named then, and a source does not change. */
function requireSame(named: string | undefined, pods: string | undefined): undefined {
  if (named === undefined || named === pods) return undefined;
  throw new Error(
    `the source names the builder ${named}, and this pod is of ${pods ?? "the platform's own"}`,
  );
}

/** `<folder>/<id with / as _>/<version>`, as the CNB Platform specification lays them out. */
async function listBuildpacks(folder: string): Promise<{ id: string; version: string }[]> {
  const found: { id: string; version: string }[] = [];
  for (const name of await readdir(folder))
    for (const version of await readdir(join(folder, name))) {
      const text = await readFile(join(folder, name, version, "buildpack.toml"), "utf8");
      const { buildpack } = parse(text) as { buildpack?: { id?: unknown } };
      found.push({ id: String(buildpack?.id), version });
    }
  return found;
}
