import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isContainerBuild } from "../../../delivery/build/index.ts";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import { BUILDAH_PATHS, type BuildahArgv } from "../../buildah/builds/index.ts";
import { makeRegistryClient, type RegistryClient } from "../../registry/client/index.ts";
import { runAsBuilder } from "./become-builder.ts";
import { type BuildTask, POD_EXIT, POD_PATHS, type PodVerdict, TASK_FILE } from "./build-task.ts";
import { fetchCacheFolder, keepCacheFolder } from "./cache-folder-store.ts";
import { fetchCache, keepCache } from "./cache-image-store.ts";
import { deliverImage } from "./deliver-image.ts";
import { PLAN_FOLDER } from "./dockerfile-pod.ts";
import { buildContainers, deliverContainers, prepareContainers } from "./dockerfile-program.ts";
import { countLayers, fetchLayers, keepLayers } from "./layer-images.ts";
import { prepareBuild } from "./prepare-build.ts";

// What the containers of a build pod run that are not phases: `prepare` before them and `deliver` after them.

/** For all buildpacks that a source names by address. */
const FETCH_MS = 300_000;
const TERMINATION = "/dev/termination-log";

function tell(verdict: PodVerdict): void {
  if (existsSync(TERMINATION)) writeFileSync(TERMINATION, JSON.stringify(verdict));
}

function readRelease() {
  const text = readFileSync("/etc/os-release", "utf8");
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  const architecture: "amd64" | "arm64" = process.arch === "arm64" ? "arm64" : "amd64";
  return { architecture, distroName: field("ID"), distroVersion: field("VERSION_ID") };
}

async function run(program: string, task: BuildTask, client: RegistryClient): Promise<void> {
  const { build, layouts } = POD_PATHS;
  if (isContainerBuild(task.spec)) return await runForDockerfiles(program, task, client);
  if (program === "prepare") {
    const cache = fetchFor(task, client);
    const fetching = { signal: AbortSignal.timeout(FETCH_MS), tell: (line: string) => console.log(line) };
    await prepareBuild(build, task, {
      ...{ client, fetching },
      builder: { cnb: "/cnb", release: readRelease() },
    });
    await cache;
    return;
  }
  const image = await deliverImage({ build, layouts }, task, client);
  tellImage(image);
  const limitBytes = task.imageLimitBytes;
  const keeping = task.builder
    ? keepCacheFolder(POD_PATHS.cache, { ...task, ...task.builder, limitBytes }, client)
    : keepCache(layouts, task, client);
  await keeping.catch(() => {});
}

/** The build has its result; what comes after is for the next one. */
function tellImage(image: string): void {
  tell({ image });
  process.stdout.write(`\u001eimage ${image}\n\u001eend 0\n`);
}

const KEPT_BYTES = 4 * 1024 ** 3;

async function runForDockerfiles(program: string, task: BuildTask, client: RegistryClient): Promise<void> {
  const { repository } = task;
  const at = { plan: PLAN_FOLDER, ...BUILDAH_PATHS };
  const layers = { repository, limitBytes: KEPT_BYTES };
  if (program === "prepare") {
    await prepareContainers(at, task, client, (text) => process.stdout.write(text));
    await fetchLayers(join(at.cache, "in"), layers, client);
    return;
  }
  tellImage(await deliverContainers(at, task, client));
  await keepLayers(at, layers, client).catch(() => {});
}

/** The container in the middle is told nothing but the plan. */
async function buildDockerfiles(): Promise<void> {
  const at = { plan: PLAN_FOLDER, ...BUILDAH_PATHS };
  const write = (chunk: Buffer | string) => void process.stdout.write(chunk);
  const run = (argv: BuildahArgv, onOutput: (chunk: Buffer) => void) =>
    runAsBuilder(argv, process.env, onOutput);
  await buildContainers(at, { kept: await countLayers(at.cache), hostEnv: process.env, run, write });
}

/** What earlier builds have kept for this one. */
async function fetchFor(task: BuildTask, client: RegistryClient): Promise<void> {
  const { build } = POD_PATHS;
  const { repository, builder, imageLimitBytes, tagSuffix } = task;
  if (!builder) return await fetchCache(join(build, "layouts"), repository, client, tagSuffix);
  const at = { repository, maker: builder.maker, limitBytes: imageLimitBytes, tagSuffix };
  await fetchCacheFolder(join(build, "cache"), at, client);
}

async function main(program: string): Promise<number> {
  process.umask(0o022);
  if (program === "build") return await telling(buildDockerfiles);
  const task = JSON.parse(readFileSync(join(POD_PATHS.task, TASK_FILE), "utf8")) as BuildTask;
  const { url, username, password, ca } = task.registry;
  const client = makeRegistryClient({ url, login: { username, password }, ca });
  return await telling(async () => {
    await run(program, task, client).finally(() => client.close());
  });
}

/** A failure's message is for the app's owner, in the log and beside the container's status. */
async function telling(work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (thrown) {
    const refused = thrown instanceof BusinessError;
    const message = refused ? thrown.message : errorText(thrown);
    tell({ message });
    process.stdout.write(` !     ${message}\n`);
    return refused ? POD_EXIT.refused : POD_EXIT.broken;
  }
}

process.exitCode = await main(process.argv[2] ?? "");
