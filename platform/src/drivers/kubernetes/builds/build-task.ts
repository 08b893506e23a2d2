import type { BuildSpec } from "../../../delivery/build/index.ts";
import type { RegistryAccess } from "../../registry/client/index.ts";

/** What a build pod is told: the Secret's one file. Only the containers before and after the phases see it. */
export interface BuildTask {
  readonly spec: BuildSpec;
  readonly registry: {
    /** As pods reach it: `http://…`. */
    readonly url: string;
    readonly username: string;
    readonly password: string;
    /** Certificates in PEM that are trusted in place of the system's. */
    readonly ca?: string;
  };
  /** Where the build's source is, and where its image goes: `<space>/<app id>`. */
  readonly repository: string;
  readonly runImage: { readonly repository: string; readonly digest: string };
  readonly runtimeSources: readonly string[];
  /** The operator's variables that say where packages come from, and by which proxies. */
  readonly hostEnv: Readonly<Record<string, string>>;
  /** The builder image of somebody else's that the phases run in; the platform's own when missing. */
  readonly builder?: PodBuilder;
  /** Behind the tags of what is kept for the app's next build: `-arm64` where the build is for other processors. */
  readonly tagSuffix?: string;
  /** The operator's registries, for base images of Dockerfiles. */
  readonly registries?: RegistryAccess["registries"];
  readonly sourceLimits: { readonly bytes: number; readonly entries: number };
  readonly imageLimitBytes: number;
}

/** How to build in a builder image of somebody else's, which lies in the app's repository with its run image. */
export interface PodBuilder {
  /** As the source or the operator names it. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest: string;
  /** What the cache belongs to: its repository, over all versions. */
  readonly maker: string;
  /** Whom all containers of the pod are. */
  readonly user: { readonly uid: number; readonly gid: number };
  readonly platformApi: string;
  readonly buildpacks: readonly { readonly id: string; readonly version: string }[];
  /** Text of its order.toml. */
  readonly order: string;
  readonly runImage: {
    readonly digest: string;
    readonly name: string;
    /** Where its layout is in the layout folder of a build. */
    readonly path: string;
    /** Whom apps on it are. */
    readonly user: { readonly uid: number; readonly gid: number };
  };
}

/** The name of the Secret's one file. */
export const TASK_FILE = "task.json";

/** The tag of an app's repository that names what its builds keep for the next one. */
export const CACHE_TAG = "build-cache";

/** The same for builds in a builder image of somebody else's: not one layer each, but the files of its cache folder. */
export const BUILDER_CACHE_TAG = "builder-cache";

/** The same for builds of Dockerfiles: an index of the images of all steps. */
export const LAYERS_TAG = "dockerfile-layers";

/** The tag that names the builder and run image of somebody else's that the app was built with last. */
export const BUILDER_TAG = "builder";

/** What is behind these tags where they are of other processors than Conifer's own. */
export function tagSuffixOf(architecture: string): string {
  return `-${architecture}`;
}

/** Exit statuses of our own programs in a pod; the phases' own are below 100 (Platform API 0.15). */
export const POD_EXIT = {
  /** The source or the image is at fault; the message is for the app's owner. */
  refused: 110,
  /** Something of ours is; the same build may do better another time. */
  broken: 111,
} as const;

/** What our programs leave in /dev/termination-log: the image, or why there is none. */
export type PodVerdict = { readonly image: string } | { readonly message: string };

/** Reads what a container left; undefined when it is nothing of ours. */
export function readVerdict(text: string | undefined): PodVerdict | undefined {
  try {
    const { image, message } = JSON.parse(text ?? "") as { image?: unknown; message?: unknown };
    if (typeof image === "string") return { image };
    return typeof message === "string" ? { message } : undefined;
  } catch {
    return undefined;
  }
}

/** Where things are in the containers of a pod. */
export const POD_PATHS = {
  task: "/conifer/task",
  /** Written by the first container and read by all: what the source wants, and the app's variables. */
  build: "/build",
  layouts: "/layouts",
  layers: "/layers",
  workspace: "/workspace",
  /** What a lifecycle of somebody else's keeps for the next build. */
  cache: "/cache",
  scratch: "/tmp",
  turns: "/turns",
} as const;
