import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  baseImages,
  type ContainerPlan,
  type DockerImage,
  declaredArguments,
  HEROKU_YML_BYTES,
  planByNames,
  readHerokuYml,
} from "../../../delivery/build/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { kindInside, readInside } from "../../files/trees/index.ts";

/**
 * What an unpacked source says of its images: by its heroku.yml, else by the names of its files. No link of the source is
 * followed. Throws invalid_params when there is nothing to build, or a Dockerfile is missing.
 */
export async function readContainerPlan(workspace: string): Promise<ContainerPlan> {
  const plan = await readPlan(workspace);
  for (const { name, dockerfile } of plan.images)
    if ((await kindInside(workspace, dockerfile)) !== "file")
      throw invalidParams(
        `${name} is to be built with ${dockerfile}, and the source has no such file. Commit it, or change build.docker in heroku.yml.`,
      );
  return plan;
}

async function readPlan(workspace: string): Promise<ContainerPlan> {
  const path = join(workspace, "heroku.yml");
  const found = await lstat(path).catch(() => undefined);
  if (!found) return planByNames((await readdir(workspace)).sort());
  if (!found.isFile() || found.size > HEROKU_YML_BYTES)
    throw invalidParams(`heroku.yml is not a plain file of at most ${HEROKU_YML_BYTES / 1024} KiB.`);
  return readHerokuYml(await readFile(path, "utf8"));
}

/** A Dockerfile that is larger is read by nobody. */
const DOCKERFILE_BYTES = 1024 * 1024;

/** Names of the images of registries that an image of a plan is built on. */
export async function basesOf(
  workspace: string,
  { dockerfile }: DockerImage,
  { buildArgs }: ContainerPlan,
): Promise<readonly string[]> {
  return baseImages((await readInside(workspace, dockerfile, DOCKERFILE_BYTES)) ?? "", buildArgs);
}

/** Of what the operator offers, the arguments that an image's Dockerfile declares and the source says nothing of. */
export async function declaredOf(
  workspace: string,
  { dockerfile }: DockerImage,
  { buildArgs }: ContainerPlan,
  offered: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const declared = declaredArguments((await readInside(workspace, dockerfile, DOCKERFILE_BYTES)) ?? "");
  const wanted = Object.entries(offered).filter(
    ([name]) => declared.has(name) && !Object.hasOwn(buildArgs, name),
  );
  return Object.fromEntries(wanted);
}

/** One Dockerfile and stage is built once, however many names it has. */
export function sameImage({ dockerfile, target }: DockerImage): string {
  return `${dockerfile} ${target ?? ""}`;
}

/** Begins the output of an image. */
export function buildingTold({ name, dockerfile }: DockerImage): string {
  return `-----> Building ${name} (${dockerfile})\n`;
}

/** Said once of a plan with a section that means nothing at a push. */
export const SETUP_LATER =
  "-----> The setup section of heroku.yml is for the creation of an app from its source: it changes nothing now\n";
