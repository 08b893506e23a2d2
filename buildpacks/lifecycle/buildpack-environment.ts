import { join } from "node:path";
import type { Buildpack, RunTarget } from "./buildpack-descriptor.ts";
import {
  applyOperations,
  BUILD_PATHS,
  type EnvOperation,
  namesIn,
  readOperations,
  readVariables,
} from "./env-operations.ts";

/** Variables a buildpack inherits as they are from whoever started the phase. */
const INHERITED = [
  ...["CNB_STACK_ID", "HOSTNAME", "HOME"],
  ...["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"],
];
const PATH_VARIABLES = Object.values(BUILD_PATHS).flat();

/** Everything that goes into the environment of a `bin/detect` or `bin/build`. */
export interface BuildpackEnvironment {
  /** Inherited variables with what earlier buildpacks have added. */
  readonly base: Readonly<Record<string, string>>;
  /** Files of `<platform>/env`. */
  readonly user: Readonly<Record<string, string>>;
  /** Operations of `<build-config>/env`, whose unsuffixed files are defaults. */
  readonly operator: readonly EnvOperation[];
}

export async function readBuildpackEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  platformDir: string,
  buildConfigDir: string,
): Promise<BuildpackEnvironment> {
  const base: Record<string, string> = {};
  for (const name of [...INHERITED, ...PATH_VARIABLES]) {
    const value = env[name];
    if (value !== undefined) base[name] = value;
  }
  return {
    base,
    user: await readVariables(join(platformDir, "env")),
    operator: readOperations(await readVariables(join(buildConfigDir, "env")), { unsuffixed: "default" }),
  };
}

/**
 * The environment a buildpack's executable gets: the user's variables win, but in front of path variables they are
 * put, and a buildpack with `clear-env` does not get them; then the operator's.
 */
export function environmentFor(
  environment: BuildpackEnvironment,
  buildpack: Pick<Buildpack, "clearEnv">,
  fixed: Readonly<Record<string, string>>,
): Record<string, string> {
  const result: Record<string, string> = { ...environment.base };
  if (!buildpack.clearEnv) {
    for (const [name, value] of Object.entries(environment.user)) {
      const before = PATH_VARIABLES.includes(name) ? result[name] : undefined;
      // An empty path is the current folder to a shell: nothing is put in front.
      result[name] = before ? [value, before].filter(Boolean).join(":") : value;
    }
  }
  return { ...applyOperations(result, environment.operator), ...fixed };
}

/** Variables that describe the run image. */
export function targetVariables(target: RunTarget): Record<string, string> {
  const all = {
    CNB_TARGET_OS: target.os,
    CNB_TARGET_ARCH: target.arch,
    CNB_TARGET_ARCH_VARIANT: target.variant,
    CNB_TARGET_DISTRO_NAME: target.distroName,
    CNB_TARGET_DISTRO_VERSION: target.distroVersion,
  };
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) if (value) given[name] = value;
  return given;
}

/**
 * What the build layers of one buildpack add for the buildpacks after it: paths first, then environment files.
 * Paths of the same buildpack stand in ascending order of the layers' names.
 */
export async function addBuildLayers(
  base: Readonly<Record<string, string>>,
  layerFolders: readonly string[],
): Promise<Record<string, string>> {
  const operations: EnvOperation[] = [];
  for (const layer of layerFolders.toReversed())
    operations.push(...(await pathOperations(layer, BUILD_PATHS)));
  for (const layer of layerFolders) {
    const [both, build] = [
      await readVariables(join(layer, "env")),
      await readVariables(join(layer, "env.build")),
    ];
    operations.push(
      ...readOperations(both, { others: [build] }),
      ...readOperations(build, { others: [both] }),
    );
  }
  return applyOperations(base, operations);
}

/** Operations that put a layer's `bin`, `lib` and so on in front of the path variables, where the layer has them. */
export async function pathOperations(
  layer: string,
  paths: Readonly<Record<string, readonly string[]>>,
): Promise<EnvOperation[]> {
  const present = await namesIn(layer);
  return Object.entries(paths)
    .filter(([folder]) => present.includes(folder))
    .flatMap(([folder, names]) =>
      names.map((name) => ({
        name,
        action: "prepend" as const,
        value: join(layer, folder),
        delimiter: ":",
      })),
    );
}
