import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import { makeRegistryClient, type RegistryClient } from "../../registry/client/index.ts";
import { type BuildTask, POD_EXIT, POD_PATHS, type PodVerdict, TASK_FILE } from "./build-task.ts";
import { fetchCacheFolder, keepCacheFolder } from "./cache-folder-store.ts";
import { fetchCache, keepCache } from "./cache-image-store.ts";
import { deliverImage } from "./deliver-image.ts";
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
  tell({ image });
  // The build has its result; what comes now is for the next one.
  process.stdout.write(`\u001eimage ${image}\n\u001eend 0\n`);
  const limitBytes = task.imageLimitBytes;
  const keeping = task.builder
    ? keepCacheFolder(POD_PATHS.cache, { ...task, ...task.builder, limitBytes }, client)
    : keepCache(layouts, task, client);
  await keeping.catch(() => {});
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
  const task = JSON.parse(readFileSync(join(POD_PATHS.task, TASK_FILE), "utf8")) as BuildTask;
  const { url, username, password, ca } = task.registry;
  const client = makeRegistryClient({ url, login: { username, password }, ca });
  try {
    await run(program, task, client);
    return 0;
  } catch (thrown) {
    const refused = thrown instanceof BusinessError;
    const message = refused ? thrown.message : errorText(thrown);
    tell({ message });
    process.stdout.write(` !     ${message}\n`);
    return refused ? POD_EXIT.refused : POD_EXIT.broken;
  } finally {
    await client.close();
  }
}

process.exitCode = await main(process.argv[2] ?? "");
