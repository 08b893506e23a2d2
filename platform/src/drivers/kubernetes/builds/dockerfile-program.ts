import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerPlan } from "../../../delivery/build/index.ts";
import { errorText, invalidParams } from "../../../kernel/index.ts";
import {
  BUILDAH_PATHS,
  type BuildahArgv,
  buildArgv,
  buildingTold,
  declaredOf,
  explainDockerfile,
  keepLayersArgv,
  noteImagesArgv,
  placeRegistries,
  readContainerPlan,
  SETUP_LATER,
  sameImage,
  takeLayersArgv,
} from "../../buildah/builds/index.ts";
import { collectImage, offeredArguments } from "../../cnb/builds/index.ts";
import { unpackTar } from "../../files/trees/index.ts";
import { type RegistryClient, RegistryRequestError } from "../../registry/client/index.ts";
import type { BuildTask } from "./build-task.ts";
import { encodeBuilt } from "./built-images.ts";
import { imagesToKeep } from "./layer-images.ts";
import { intoRepository } from "./repository-content.ts";

/** What the containers of a pod that builds Dockerfiles do, one after the other. */

/** Where things are; in a pod as `BUILDAH_PATHS` and `PLAN_FOLDER` have them. */
export interface DockerfilePlaces {
  readonly plan: string;
  readonly home: string;
  readonly workspace: string;
  readonly out: string;
  readonly cache: string;
}

const PLAN_FILE = "plan.json";
const TAIL_BYTES = 16 * 1024;

/** Fetches the source and reads what it wants built. Throws invalid_params for a source that cannot be built. */
export async function prepareContainers(
  at: DockerfilePlaces,
  task: BuildTask,
  client: RegistryClient,
  tell: (text: string) => void,
): Promise<void> {
  const { spec, repository, sourceLimits, registries } = task;
  const source = client.readBlob(repository, { digest: spec.source });
  await unpackTar(source, at.workspace, { limits: sourceLimits });
  const plan = await readContainerPlan(at.workspace);
  if (plan.hasSetup) tell(SETUP_LATER);
  await placeRegistries(at.home, { registries: registries ?? [] });
  await writeFile(join(at.plan, PLAN_FILE), JSON.stringify(plan));
}

/** How many images of earlier builds there are to take layers from. */
export interface BuildCall {
  readonly kept: number;
  /** The operator's variables. */
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  readonly run: (argv: BuildahArgv, onOutput: (chunk: Buffer) => void) => Promise<number>;
  readonly write: (chunk: Buffer | string) => void;
}

/** Builds all images of a plan as layouts. Throws invalid_params that says why one could not be built. */
export async function buildContainers(
  at: DockerfilePlaces,
  { kept, hostEnv, run, write }: BuildCall,
): Promise<void> {
  const plan = await readPlan(at);
  const offered = offeredArguments(hostEnv, BUILDAH_PATHS.certificates);
  if (kept > 0) await run(takeLayersArgv(kept), () => {});
  const isDone = new Set<string>();
  let failure: string | undefined;
  for (const image of plan.images) {
    if (isDone.has(sameImage(image)) || failure !== undefined) continue;
    isDone.add(sameImage(image));
    write(buildingTold(image));
    let tail = "";
    const operator = await declaredOf(at.workspace, image, plan, offered);
    const exitCode = await run(buildArgv(image, plan, operator), (chunk) => {
      tail = (tail + chunk.toString("utf8")).slice(-TAIL_BYTES);
      write(chunk);
    });
    if (exitCode !== 0) failure = explainDockerfile({ dockerfile: image.dockerfile, tail, exitCode });
  }
  // Steps that went well need not be repeated after one that did not.
  await run(noteImagesArgv(), () => {});
  const lacking = await imagesToKeep(at);
  if (lacking.length > 0) await run(keepLayersArgv(lacking), () => {});
  if (failure !== undefined) throw invalidParams(failure);
}

/**
 * Pushes the images, each checked by its digests, and an index that tells them by their names with what the plan runs in them.
 * Returns the index's digest. Throws invalid_params for an image that cannot be used, and RegistryRequestError when the
 * registry does not take it.
 */
export async function deliverContainers(
  at: DockerfilePlaces,
  { repository, imageLimitBytes }: BuildTask,
  client: RegistryClient,
): Promise<string> {
  const plan = await readPlan(at);
  const digests = new Map<string, string>();
  const built = new Map<string, string>();
  for (const image of plan.images) {
    const left = { root: at.out, layout: image.name, known: new Map(), limitBytes: imageLimitBytes };
    const digest =
      digests.get(sameImage(image)) ??
      (await collectImage(left, intoRepository(client, repository, [])).catch((thrown: unknown) => {
        if (thrown instanceof RegistryRequestError) throw thrown;
        throw invalidParams(`The image of ${image.name} cannot be used: ${errorText(thrown)}.`);
      }));
    digests.set(sameImage(image), digest);
    built.set(image.name, digest);
  }
  const index = await encodeBuilt(plan, built, async (digest) => {
    const found = await client.pullManifest(repository, digest);
    if (!found) throw new Error(`the image ${digest} is gone again`);
    return found;
  });
  await client.pushManifest(repository, index.digest, index);
  return index.digest;
}

async function readPlan({ plan }: DockerfilePlaces): Promise<ContainerPlan> {
  return JSON.parse(await readFile(join(plan, PLAN_FILE), "utf8")) as ContainerPlan;
}
