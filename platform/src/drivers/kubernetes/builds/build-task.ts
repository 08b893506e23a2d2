import type { BuildSpec } from "../../../delivery/build/index.ts";

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
  readonly sourceLimits: { readonly bytes: number; readonly entries: number };
  readonly imageLimitBytes: number;
}

/** The name of the Secret's one file. */
export const TASK_FILE = "task.json";

/** The tag of an app's repository that names what its builds keep for the next one. */
export const CACHE_TAG = "build-cache";

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
  turns: "/turns",
} as const;
