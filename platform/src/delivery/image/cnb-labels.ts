import type { BaseFacts, ImageProcess } from "./image.ts";

/** Labels a Cloud Native Buildpacks lifecycle puts on an app image (Platform API 0.15, "Labels"). */
export const LABEL = {
  build: "io.buildpacks.build.metadata",
  lifecycle: "io.buildpacks.lifecycle.metadata",
  project: "io.buildpacks.project.metadata",
  rebasable: "io.buildpacks.rebasable",
  distroName: "io.buildpacks.base.distro.name",
  distroVersion: "io.buildpacks.base.distro.version",
} as const;

/** Ours: names of config vars, separated by commas, that the app needs a secret in. */
export const SECRETS_LABEL = "dev.conifer.secret-config-vars";

export type Labels = Readonly<Record<string, string>>;

interface BuildLabel {
  readonly processes?: readonly Record<string, unknown>[];
  readonly buildpacks?: readonly Record<string, unknown>[];
}

interface LifecycleLabel {
  readonly runImage?: { readonly image?: string; readonly topLayer?: string; readonly reference?: string };
}

/** Everything in the labels that Conifer shows or acts on. An image without the labels has no processes. */
export interface BuildFacts {
  readonly processes: readonly ImageProcess[];
  readonly buildpacks: readonly {
    readonly id: string;
    readonly version: string;
    readonly homepage?: string;
  }[];
  readonly runImage: BaseFacts;
  /** Config vars that get a secret when the app has none of that name. */
  readonly secrets?: readonly string[];
}

/** Reads the CNB labels. `entrypoint` tells the default process: `/cnb/process/<type>`. */
export function readBuildFacts(labels: Labels, entrypoint: readonly string[]): BuildFacts {
  const build = labelObject(labels, LABEL.build) as BuildLabel;
  const lifecycle = labelObject(labels, LABEL.lifecycle) as LifecycleLabel;
  const secrets = labels[SECRETS_LABEL]?.split(",").map((name) => name.trim());
  const defaultType = /^\/cnb\/process\/(.+)$/.exec(entrypoint[0] ?? "")?.[1];
  return {
    processes: (build.processes ?? []).map((process) => readProcess(process, defaultType)),
    buildpacks: (build.buildpacks ?? []).map(({ id, version, homepage }) => ({
      id: String(id),
      version: String(version),
      ...(typeof homepage === "string" && homepage !== "" ? { homepage } : {}),
    })),
    runImage: readBase(lifecycle),
    ...(secrets ? { secrets } : {}),
  };
}

/** A reference is the manifest's digest, or ends in it. */
function readBase({ runImage = {} }: LifecycleLabel): BaseFacts {
  const { image: name = "", topLayer = "", reference } = runImage;
  const digest = typeof reference === "string" ? /sha256:[0-9a-f]{64}$/.exec(reference)?.[0] : undefined;
  return { name, topLayer, ...(digest === undefined ? {} : { digest }) };
}

/** `command` is a list since Platform API 0.10 and was a text before. */
function readProcess(process: Record<string, unknown>, defaultType: string | undefined): ImageProcess {
  const { type, command, args, direct } = process;
  const workingDir = process["working-dir"];
  return {
    type: String(type),
    command: typeof command === "string" ? [command] : texts(command),
    args: texts(args),
    direct: direct === true,
    default: type === defaultType,
    ...(typeof workingDir === "string" && workingDir !== "" ? { workingDir } : {}),
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function labelObject(labels: Labels, name: string): object {
  const text = labels[name];
  if (text === undefined) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? value : {};
}
