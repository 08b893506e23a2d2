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
  /** In pods: layouts of layers, `in` of earlier builds and `out` for later ones. */
  cache: "/build/cache",
  /** In steps of a Dockerfile that ask for it: the certificates that builds trust. */
  certificates: "/run/conifer/ca-certificates.crt",
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

/** Argument: how many images the layout has. What cannot be taken is built. */
const TAKE_LAYERS = `${STORE}
n=0
while [ "$n" -lt "$1" ]; do
  store pull --quiet "oci:${BUILDAH_PATHS.cache}/in:$n" >/dev/null 2>&1 || break
  n=$((n + 1))
done
`;

/** Argument: the most images to note. Only their configs are written: to write layers takes as long as they are large. */
const NOTE_IMAGES = `${STORE}
mkdir -p ${BUILDAH_PATHS.cache}/configs
n=0
for id in $(store images --all --quiet --no-trunc | sort -u); do
  [ "$n" -lt "$1" ] || break
  config=$(store inspect --type image --format '{{.Config}}' "$id" 2>/dev/null) || continue
  printf %s "$config" >"${BUILDAH_PATHS.cache}/configs/\${id#sha256:}"
  n=$((n + 1))
done
`;

/** Arguments: ids of images. They go into one layout, where a layer of several is once. */
const KEEP_LAYERS = `${STORE}
n=0
for id; do
  store push --quiet --disable-compression "$id" "oci:${BUILDAH_PATHS.cache}/out:$n" >/dev/null 2>&1 || break
  n=$((n + 1))
done
`;

/** The most images that are kept of an app's builds, where what is kept is images: one for each step. */
export const MOST_KEPT = 200;

/** The command that has layers of earlier builds among those of this one, from a layout of so many images. */
export function takeLayersArgv(count: number): BuildahArgv {
  return ["/bin/sh", "-c", TAKE_LAYERS, "sh", String(count)];
}

/** The command that notes the configs of the images of all steps, each as a file of its id, below `configs` of the cache. */
export function noteImagesArgv(): BuildahArgv {
  return ["/bin/sh", "-c", NOTE_IMAGES, "sh", String(MOST_KEPT)];
}

/** The command that leaves these images with their layers as a layout, `out` of the cache. */
export function keepLayersArgv(ids: readonly string[]): BuildahArgv {
  return ["/bin/sh", "-c", KEEP_LAYERS, "sh", ...ids];
}

/** Where sandboxes and containers of builds have the certificates that the operator trusts. */
const TRUSTED = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Within a user namespace a mount keeps the restrictions of the one it comes from, and a remount that names fewer of them is
 * refused (mount_namespaces(7)): so all are named that the file system of the operator's certificates may have.
 */
const LOCKABLE = "ro,nosuid,nodev,noexec";

/**
 * The command that builds one image of a plan and leaves it as a layout of its name in the folder of such. `operator`: arguments
 * that its Dockerfile declares and the operator gives. Where one is the path of the certificates, they are there for its steps.
 */
export function buildArgv(
  { name, dockerfile, target }: DockerImage,
  plan: ContainerPlan,
  operator: Readonly<Record<string, string>> = {},
): BuildahArgv {
  const context = join(BUILDAH_PATHS.workspace, dirname(dockerfile));
  const file = ["--file", join(BUILDAH_PATHS.workspace, dockerfile)];
  const stage = target === undefined ? [] : ["--target", target];
  const all = { ...operator, ...plan.buildArgs };
  const isTrusting = Object.values(operator).includes(BUILDAH_PATHS.certificates);
  // A file that an image has at that place is not hidden from images that do not ask: their own tools may have to replace it.
  const trust = isTrusting ? ["--volume", `${TRUSTED}:${BUILDAH_PATHS.certificates}:${LOCKABLE}`] : [];
  const args = Object.entries(all).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  return ["/bin/sh", "-c", BUILD, "sh", name, context, ...file, ...stage, ...trust, ...args];
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
