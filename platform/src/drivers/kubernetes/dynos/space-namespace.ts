import { KIND, type KubeObject } from "../client/index.ts";
import { ANNOTATION, DYNO_ACCOUNT, MANAGED_BY } from "./dyno-labels.ts";
import { makeFencePolicies, type SpaceFence } from "./space-fence.ts";

/** How much a space's namespace may hold, in the API's own words. */
export interface SpaceLimits {
  /** `hard` of a ResourceQuota. */
  readonly quota: Readonly<Record<string, string>>;
  /** One item of a LimitRange: what containers get that say nothing themselves, and the most they may say. */
  readonly container: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Nothing in it opens a port of a node or costs money beside dynos; what comes without limits gets small ones. */
export const ORDINARY_LIMITS: SpaceLimits = {
  quota: { "services.nodeports": "0", "services.loadbalancers": "0", persistentvolumeclaims: "0" },
  container: {
    default: { memory: "512Mi", "ephemeral-storage": "1Gi" },
    defaultRequest: { memory: "512Mi", cpu: "50m", "ephemeral-storage": "64Mi" },
  },
};

export interface SpaceWishes {
  readonly namespace: string;
  readonly fence: SpaceFence;
  readonly limits: SpaceLimits;
}

/** Objects of a higher number were made by a later Conifer and are left as they are. */
export const SPACE_VERSION = 1;

export function makeNamespace(namespace: string): KubeObject {
  const level = "pod-security.kubernetes.io";
  return {
    apiVersion: KIND.namespace.apiVersion,
    kind: KIND.namespace.kind,
    metadata: {
      name: namespace,
      labels: {
        ...MANAGED_BY,
        [`${level}/enforce`]: "restricted",
        [`${level}/warn`]: "restricted",
        [`${level}/audit`]: "restricted",
      },
    },
  };
}

/** What a space's namespace holds beside dynos, in the order in which it is made: the fence first. */
export function makeSpaceObjects({ namespace, fence, limits }: SpaceWishes): KubeObject[] {
  const { serviceAccount, resourceQuota, limitRange } = KIND;
  const head = ({ apiVersion, kind }: { apiVersion: string; kind: string }, name: string) => ({
    ...{ apiVersion, kind },
    metadata: { name, namespace },
  });
  const all: KubeObject[] = [
    ...makeFencePolicies(namespace, fence),
    { ...head(serviceAccount, DYNO_ACCOUNT), automountServiceAccountToken: false } as KubeObject,
    { ...head(resourceQuota, "conifer-space"), spec: { hard: limits.quota } } as KubeObject,
    {
      ...head(limitRange, "conifer-space"),
      spec: { limits: [{ type: "Container", ...limits.container }] },
    } as KubeObject,
  ];
  return all.map((object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: MANAGED_BY,
      annotations: { [ANNOTATION.version]: String(SPACE_VERSION) },
    },
  }));
}
