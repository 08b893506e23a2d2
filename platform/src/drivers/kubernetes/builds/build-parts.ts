import { LAYOUTS } from "../../cnb/builds/index.ts";
import type { Pod } from "../client/index.ts";
import { POD_PATHS } from "./build-task.ts";

const MIB = 1024 * 1024;

/** One container of a build pod. */
export interface Part {
  readonly name: string;
  readonly argv: readonly string[];
  /** Volume → whether it may be written to. */
  readonly volumes: Readonly<Partial<Record<VolumeName, "read" | "write">>>;
  readonly memoryBytes?: number;
  /** Runs programs of buildpacks, which may write anywhere in their container and call registries of packages. */
  readonly buildpacks?: true;
}

export type VolumeName =
  | "task"
  | "build"
  | "layouts"
  | "layers"
  | "workspace"
  | "trust"
  | "cache"
  | "scratch";

const PROGRAM = ["node", "/cnb/conifer/pod.mjs"];
const RUN = ["-run", `${POD_PATHS.build}/run.toml`];
const LAYERS = ["-layers", POD_PATHS.layers];
const APP = ["-app", POD_PATHS.workspace];
const LAYOUT = ["-layout", "-layout-dir", POD_PATHS.layouts];

/** What decides how phases of a builder image of somebody else's are called. */
export interface ForeignPhases {
  readonly platformApi: string;
  /** The name of the run image. */
  readonly runImage: string;
  /** Whether the source has buildpacks beside those of the builder. */
  readonly bringsBuildpacks: boolean;
}

/** What lifecycles are given differently: ours, and those of builder images of others. */
interface PhaseInputs {
  readonly runImage: readonly string[];
  readonly buildpacks: string;
  readonly cache: readonly string[];
  /** Of restorers; they read it from Platform API 0.14 on. */
  readonly run: readonly string[];
  /** Of containers that read and write images, beside what all of them have. */
  readonly volumes: Part["volumes"];
  /** The same of those that read and write the cache. */
  readonly cacheVolumes: Part["volumes"];
}

/** The cache of our lifecycle is an image among the layouts, as pods share no folder. */
export const OURS: PhaseInputs = {
  ...{ runImage: [], run: [], volumes: {}, cacheVolumes: {} },
  buildpacks: `${POD_PATHS.build}/buildpacks`,
  cache: ["-cache-image", LAYOUTS.cache.name],
};

/** Others keep caches that are images in registries only, for which they would need a credential: theirs is a folder. */
export function inputsOf({ runImage, bringsBuildpacks, platformApi }: ForeignPhases): PhaseInputs {
  return {
    runImage: ["-run-image", runImage],
    buildpacks: bringsBuildpacks ? `${POD_PATHS.build}/buildpacks` : "/cnb/buildpacks",
    cache: ["-cache-dir", POD_PATHS.cache],
    run: Number(platformApi.split(".")[1]) >= 14 ? RUN : [],
    volumes: { scratch: "write" },
    cacheVolumes: { scratch: "write", cache: "write" },
  };
}

/**
 * The containers of a pod in the order of their turns. What holds a credential runs nothing of buildpacks, and what runs
 * buildpacks reaches neither the credential nor what is pushed with it. Nothing of a builder image of others holds any.
 */
export function partsOf(
  { memoryBytes }: { readonly memoryBytes: number },
  user: { readonly uid: number; readonly gid: number },
  own: PhaseInputs,
): readonly Part[] {
  const owner = ["-uid", String(user.uid), "-gid", String(user.gid)];
  const phase = (name: string, ...args: string[]) => [`/cnb/lifecycle/${name}`, ...args];
  const folders = [
    "-platform",
    `${POD_PATHS.build}/platform`,
    "-build-config",
    `${POD_PATHS.build}/build-config`,
  ];
  const inputs = [...folders, "-buildpacks", own.buildpacks];
  const hasCache = "cache" in own.cacheVolumes;
  return [
    {
      name: "prepare",
      argv: [...PROGRAM, "prepare"],
      volumes: {
        ...{ task: "read", build: "write", layouts: "write", workspace: "write" },
        ...(hasCache ? { cache: "write" } : {}),
      },
    },
    {
      name: "analyzer",
      argv: phase(
        "analyzer",
        ...[...LAYERS, ...LAYOUT, ...RUN, ...own.runImage, ...owner],
        ...["-previous-image", LAYOUTS.previous.name, LAYOUTS.image.name],
      ),
      volumes: { build: "read", layouts: "read", layers: "write", ...own.volumes },
    },
    {
      name: "detector",
      argv: phase(
        "detector",
        ...[...LAYERS, ...APP, ...inputs],
        ...["-order", `${POD_PATHS.build}/order.toml`, "-run", `${POD_PATHS.build}/run.toml`],
      ),
      volumes: { build: "read", layers: "write", workspace: "write", trust: "read" },
      buildpacks: true,
    },
    {
      name: "restorer",
      argv: phase("restorer", ...LAYERS, ...LAYOUT, ...own.cache, ...own.run, ...owner),
      volumes: { build: "read", layouts: "read", layers: "write", ...own.cacheVolumes },
    },
    {
      name: "builder",
      argv: phase("builder", ...LAYERS, ...APP, ...inputs),
      volumes: { build: "read", layers: "write", workspace: "write", trust: "read" },
      memoryBytes,
      buildpacks: true,
    },
    {
      name: "exporter",
      argv: phase(
        "exporter",
        ...[...LAYERS, ...APP, ...LAYOUT, ...own.cache, ...RUN, ...owner, LAYOUTS.image.name],
      ),
      volumes: { build: "read", layouts: "write", layers: "write", workspace: "read", ...own.cacheVolumes },
      memoryBytes: 512 * MIB,
    },
    {
      name: "deliver",
      argv: [...PROGRAM, "deliver"],
      volumes: { task: "read", build: "read", layouts: "read", ...(hasCache ? { cache: "read" } : {}) },
    },
  ];
}

/** The names of a pod's containers, in the order of their turns. */
export const PARTS = [
  "prepare",
  "analyzer",
  "detector",
  "restorer",
  "builder",
  "exporter",
  "deliver",
] as const;
export type PartName = (typeof PARTS)[number];

/** The containers that a pod has of these, in the order of their turns: a pod of Dockerfiles has no phases. */
export function partsIn({ spec }: Pod): readonly PartName[] {
  const named = (spec.containers ?? []) as readonly { readonly name?: unknown }[];
  return PARTS.filter((part) => named.some(({ name }) => name === part));
}
