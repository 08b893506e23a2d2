import type { BuildSpec } from "../../../delivery/build/index.ts";
import type { Pod } from "../client/index.ts";

/** Every object of ours carries this; what does not is foreign and left alone. */
export const MANAGED_BY = { "app.kubernetes.io/managed-by": "conifer" } as const;

export const LABEL = {
  /** The build's id. */
  build: "conifer.dev/build",
  app: "conifer.dev/app",
  /** The account whose app it is. */
  owner: "conifer.dev/owner",
  /** Which try of the build it is, from 1 on. */
  attempt: "conifer.dev/attempt",
} as const;

/** By which the cluster tells what processors a node has. */
export const ARCHITECTURE_LABEL = "kubernetes.io/arch";

/** On the pod of a build that was cancelled. */
export const CANCELLED = "conifer.dev/cancelled";

/** On the pod of a build in a builder image of somebody else's: whom its run image wants apps to be, `<uid>:<gid>`. */
export const RUN_USER_OF_IMAGE = "conifer.dev/run-user";

/** On the same pod: the builder image, `<name>@<digest>`. */
export const BUILDER_OF_IMAGE = "conifer.dev/builder";

/** Selects the objects of all builds. */
export const BUILDS = `app.kubernetes.io/managed-by=conifer,${LABEL.build}`;

/** The name of a build's pod and Secret. */
export function buildObjectName(buildId: string, attempt: number): string {
  return `build-${buildId}-${attempt}`;
}

export function buildLabels(build: Pick<BuildSpec, "id" | "appId" | "ownerId">, attempt: number) {
  return {
    ...MANAGED_BY,
    [LABEL.build]: build.id,
    [LABEL.app]: build.appId,
    [LABEL.owner]: build.ownerId,
    [LABEL.attempt]: String(attempt),
  };
}

/** Which try a pod is; 0 for one that does not say. */
export function attemptOf({ metadata }: Pick<Pod, "metadata">): number {
  return Number(metadata.labels?.[LABEL.attempt] ?? 0) || 0;
}
