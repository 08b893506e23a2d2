import { dirname, join } from "node:path";
import type { ContainerPlan, DockerImage } from "../../../delivery/build/index.ts";

/**
 * Where things are for buildah, wherever it runs: the source, layers of this and earlier builds, the images it makes as
 * layouts, and what it needs meanwhile. The source may be read-only.
 */
export const BUILDAH_PATHS = {
  workspace: "/build/workspace",
  storage: "/build/storage",
  out: "/build/out",
  work: "/build/work",
  /** What tools of this kind look for in their home; never to be written to. */
  home: "/build/home",
  /** Where it locks what it pulls; it must be there and be its own. */
  locks: "/run/libpod",
  /** Of a pull only: the logins of the images to pull. */
  logins: "/build/logins.json",
} as const;

/** Where, below `home`, the operator's registries stand, beside those of the machine or image (containers-registries.conf.d(5)). */
export const REGISTRIES_FILE = ".config/containers/registries.conf.d/conifer.conf";

export type BuildahArgv = readonly [string, ...string[]];

/** Layers are kept by the driver that works here: in a user namespace overlays need Linux 5.11. */
const STORE = `
store() { buildah --root ${BUILDAH_PATHS.storage} --runroot ${BUILDAH_PATHS.work}/run --storage-driver "$driver" "$@"; }
driver=overlay
store images >/dev/null 2>&1 || driver=vfs
`;

/** Arguments: the image's name, its context, those of `buildah build`. The time is that of every image's files. */
const BUILD = `${STORE}
name=$1 context=$2
shift 2
id=${BUILDAH_PATHS.work}/$name.id
store build --isolation chroot --layers --format oci --timestamp 315532801 --iidfile "$id" "$@" "$context" || exit
store push --quiet --disable-compression "$(cat "$id")" "oci:${BUILDAH_PATHS.out}/$name:latest"
`;

/** Arguments: the images. What is there already is only asked for. */
const PULL = `${STORE}
for image; do
  store pull --policy always --authfile ${BUILDAH_PATHS.logins} "docker://$image" || exit
done
`;

/** The command that builds one image of a plan and leaves it as a layout of its name in the folder of such. */
export function buildArgv({ name, dockerfile, target }: DockerImage, plan: ContainerPlan): BuildahArgv {
  const context = join(BUILDAH_PATHS.workspace, dirname(dockerfile));
  const file = ["--file", join(BUILDAH_PATHS.workspace, dockerfile)];
  const stage = target === undefined ? [] : ["--target", target];
  const args = Object.entries(plan.buildArgs).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  return ["/bin/sh", "-c", BUILD, "sh", name, context, ...file, ...stage, ...args];
}

/**
 * The command that pulls images with the logins of a file. Nothing of a build may run where that file is: a build finds the
 * images among the layers afterwards, and asks their registries without a login whether there are newer ones, in vain.
 */
export function pullArgv(images: readonly string[]): BuildahArgv {
  return ["/bin/sh", "-c", PULL, "sh", ...images];
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** The environment of both. */
export function buildahEnvironment(
  host: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const proxies = PROXIES.flatMap((name) => (host[name] ? [[name, host[name]] as const] : []));
  const { work, home } = BUILDAH_PATHS;
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...{ HOME: home, TMPDIR: work, XDG_RUNTIME_DIR: work, LANG: "C.UTF-8" },
    ...Object.fromEntries(proxies),
  };
}
