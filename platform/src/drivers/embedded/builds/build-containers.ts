import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, lstat, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import {
  type BuildResult,
  type BuildSpec,
  type ContainerPlan,
  type DockerImage,
  HEROKU_YML_BYTES,
  planByNames,
  readHerokuYml,
} from "../../../delivery/build/index.ts";
import { containerInfo, readContainerPart, readImageDocuments } from "../../../delivery/image/index.ts";
import { tagOfType } from "../../../delivery/registry/index.ts";
import { BusinessError, errorText, invalidParams } from "../../../kernel/index.ts";
import { collectImage, failureOf, intoStore } from "../../cnb/builds/index.ts";
import { removeTree, unpackTar } from "../../files/trees/index.ts";
import type { BuildMachine } from "./build-machine.ts";
import { explainDockerfile } from "./explain-dockerfile.ts";

interface Around {
  readonly root: string;
  readonly write: (chunk: Buffer) => void;
  readonly signal: AbortSignal;
}

/** An image that was built: its name in the plan, and the digest of its manifest in the store. */
type Built = ReadonlyMap<string, string>;

const BUILDAH = "/usr/bin/buildah";
/** Layers of earlier builds are kept up to so many megabytes of an app; above that they are all dropped. */
const CACHE_MEGABYTES = 4 * 1024;
const TAIL_BYTES = 16 * 1024;
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
const NO_BUILDAH =
  "This machine has no buildah, which builds Dockerfiles. Its operator installs it: apt-get install buildah (Debian, Ubuntu) or dnf install buildah (Fedora). Or build the image elsewhere, push it, and run heroku container:release: see the guide on containers.";

/**
 * Builds the images of a source by its Dockerfiles, with buildah in the sandbox that other builds run in. Layers of earlier
 * builds of the app are used again; what an aborted build has made of them is not.
 */
export async function buildContainers(
  spec: BuildSpec,
  machine: BuildMachine,
  around: Around,
): Promise<BuildResult> {
  if (!existsSync(machine.buildah ?? BUILDAH)) return { kind: "failed", message: NO_BUILDAH, exitCode: 1 };
  const at = (name: string) => join(around.root, name);
  const owner = machine.runner.builder;
  for (const name of ["workspace", "out", "work"]) await makeFolder(at(name), owner);
  await unpackTar(await machine.sources.read(spec.source), at("workspace"), {
    limits: machine.sourceLimits,
    ...(owner ? { owner } : {}),
  });
  const plan = await readPlan(at("workspace"));
  await requireDockerfiles(at("workspace"), plan);
  if (plan.hasSetup) around.write(Buffer.from(SETUP_LATER));
  const cache = join(machine.cacheRoot, containerCache(spec.appId));
  await rename(cache, at("storage")).catch(() => makeFolder(at("storage"), owner));
  const result = await buildAll(spec, plan, machine, around);
  if (!around.signal.aborted) await keepCache(at("storage"), cache, machine);
  return result;
}

const SETUP_LATER =
  "-----> The setup section of heroku.yml is for the creation of an app from its source: it changes nothing now\n";

/** The name of the folder of an app's layers, beside the cache of its buildpacks. */
export function containerCache(appId: string): string {
  return `${appId}-containers`;
}

async function makeFolder(path: string, owner: { uid: number; gid: number } | undefined): Promise<void> {
  await mkdir(path, { mode: 0o755 });
  if (owner) await chown(path, owner.uid, owner.gid);
}

async function readPlan(workspace: string): Promise<ContainerPlan> {
  const path = join(workspace, "heroku.yml");
  const found = await lstat(path).catch(() => undefined);
  if (!found) return planByNames((await readdir(workspace)).sort());
  if (!found.isFile() || found.size > HEROKU_YML_BYTES)
    throw invalidParams(`heroku.yml is not a plain file of at most ${HEROKU_YML_BYTES / 1024} KiB.`);
  return readHerokuYml(await readFile(path, "utf8"));
}

/** No link of the source is followed on this machine. */
async function requireDockerfiles(workspace: string, { images }: ContainerPlan): Promise<void> {
  for (const { name, dockerfile } of images) {
    const parts = dockerfile.split("/");
    for (const [n] of parts.entries()) {
      const found = await lstat(join(workspace, ...parts.slice(0, n + 1))).catch(() => undefined);
      if (n === parts.length - 1 ? found?.isFile() : found?.isDirectory()) continue;
      throw invalidParams(
        `${name} is to be built with ${dockerfile}, and the source has no such file. Commit it, or change build.docker in heroku.yml.`,
      );
    }
  }
}

async function buildAll(
  spec: BuildSpec,
  plan: ContainerPlan,
  machine: BuildMachine,
  around: Around,
): Promise<BuildResult> {
  const built = new Map<string, string>();
  const digests = new Map<string, string>();
  for (const image of plan.images) {
    const same = `${image.dockerfile} ${image.target ?? ""}`;
    let digest = digests.get(same);
    if (digest === undefined) {
      const failed = await buildOne(spec, { image, plan }, machine, around);
      around.signal.throwIfAborted();
      if (failed) return failed;
      digest = await collect(join(around.root, "out"), image.name, machine);
    }
    digests.set(same, digest);
    built.set(image.name, digest);
  }
  try {
    return { kind: "succeeded", image: await describeAll(spec, plan, built, machine) };
  } catch (thrown) {
    if (thrown instanceof BusinessError) return { kind: "failed", message: thrown.message, exitCode: 1 };
    return {
      kind: "failed",
      message: `The build's image cannot be used: ${errorText(thrown)}.`,
      exitCode: 1,
    };
  }
}

/** What builds one image and leaves it as a layout. Arguments: its name, its context, those of `buildah build`. */
const SCRIPT = `
name=$1 context=$2
shift 2
store() { buildah --root /build/storage --runroot /build/work/run --storage-driver "$driver" "$@"; }
driver=overlay
store images >/dev/null 2>&1 || driver=vfs
store build --isolation chroot --layers --format oci --timestamp 315532801 --iidfile "/build/work/$name.id" "$@" "$context" || exit
store push --quiet --disable-compression "$(cat "/build/work/$name.id")" "oci:/build/out/$name:latest"
`;

/** Undefined when it was built. */
async function buildOne(
  spec: BuildSpec,
  { image, plan }: { readonly image: DockerImage; readonly plan: ContainerPlan },
  machine: BuildMachine,
  { root, write, signal }: Around,
): Promise<BuildResult | undefined> {
  const { name, dockerfile, target } = image;
  write(Buffer.from(`-----> Building ${name} (${dockerfile})\n`));
  let tail = "";
  const bind = (folder: string, writable: boolean) => ({
    ...{ source: join(root, folder), target: `/build/${folder}`, writable },
  });
  const args = Object.entries(plan.buildArgs).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  const stage = target === undefined ? [] : ["--target", target];
  const file = ["--file", `/build/workspace/${dockerfile}`];
  const end = await machine.runner.run(
    {
      id: `build-${spec.id}`,
      directory: join(root, "sandbox"),
      binds: [
        bind("workspace", false),
        ...["storage", "out", "work"].map((folder) => bind(folder, true)),
        ...containersSettings(),
      ],
      argv: [
        "/bin/sh",
        "-c",
        SCRIPT,
        "sh",
        name,
        join("/build/workspace", dirname(dockerfile)),
        ...file,
        ...stage,
        ...args,
      ],
      env: builderEnvironment(machine.hostEnv),
      cwd: "/build/work",
      limits: machine.limits,
      asBuilder: true,
      onOutput: (chunk) => {
        tail = (tail + chunk.toString("utf8")).slice(-TAIL_BYTES);
        write(chunk);
      },
    },
    signal,
  );
  if (end.exitCode === 0) return undefined;
  if (end.outOfMemory) return failureOf(end, machine.limits.memoryBytes);
  const { exitCode } = end;
  return { kind: "failed", message: explainDockerfile({ dockerfile, tail, exitCode }), exitCode };
}

/** Where registries are mirrored and which images are trusted is the operator's to say, for all tools of this kind. */
function containersSettings() {
  if (!existsSync("/etc/containers/policy.json")) return [];
  return [{ source: "/etc/containers", target: "/etc/containers", writable: false }];
}

function builderEnvironment(host: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const proxies = PROXIES.flatMap((name) => (host[name] ? [[name, host[name]] as const] : []));
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...{ HOME: "/build/work", TMPDIR: "/build/work", XDG_RUNTIME_DIR: "/build/work", LANG: "C.UTF-8" },
    ...Object.fromEntries(proxies),
  };
}

async function collect(out: string, name: string, machine: BuildMachine): Promise<string> {
  const left = {
    root: out,
    layout: name,
    known: new Map(),
    limitBytes: machine.imageLimitBytes,
  };
  try {
    return await collectImage(left, intoStore(machine.images));
  } catch (thrown) {
    throw invalidParams(`The image of ${name} cannot be used: ${errorText(thrown)}.`);
  }
}

async function describeAll(spec: BuildSpec, plan: ContainerPlan, built: Built, { images }: BuildMachine) {
  const parts = [];
  for (const { type, image, command } of plan.processes) {
    const digest = built.get(image) ?? "";
    const choice = { type, digest, ...(command === undefined ? {} : { command }) };
    parts.push(readContainerPart(choice, await readImageDocuments(images, digest)));
    await images.tag(`${spec.appId}:${tagOfType(type)}`, digest);
  }
  return containerInfo(parts);
}

const run = promisify(execFile);

/** Gives the layers back to their app, unless they have become too many. */
async function keepCache(storage: string, cache: string, { cacheRoot, logger }: BuildMachine): Promise<void> {
  try {
    const { stdout } = await run("du", ["-sxm", "--", storage], { timeout: 60_000 });
    if (Number.parseInt(stdout, 10) > CACHE_MEGABYTES) return;
    await mkdir(cacheRoot, { recursive: true });
    if (existsSync(cache)) await removeTree(cache);
    await rename(storage, cache);
  } catch (thrown) {
    logger.warn("the layers of a build are not kept", { error: errorText(thrown) });
  }
}
