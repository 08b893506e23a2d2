import { pause } from "../../../kernel/index.ts";
import { isNotFound, KIND, type KubeClient, type KubeObject } from "../client/index.ts";
import { LABEL, MANAGED_BY } from "./dyno-labels.ts";

/** A space's namespace and its fence. */
export interface SpaceFence {
  readonly namespace: string;
  /** Ranges (CIDR) from which requests reach dynos: the router's addresses. Nobody else reaches them. */
  readonly routerRanges: readonly string[];
}

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

/** Nothing comes in; then what may. Dynos of one namespace do not reach each other either. */
export function makeFencePolicies({ namespace, routerRanges }: SpaceFence): KubeObject[] {
  const policy = (name: string, spec: unknown) => ({
    apiVersion: KIND.networkPolicy.apiVersion,
    kind: KIND.networkPolicy.kind,
    metadata: { name, namespace, labels: MANAGED_BY },
    spec,
  });
  return [
    policy("conifer-nothing-in", { podSelector: {}, policyTypes: ["Ingress"] }),
    ...(routerRanges.length > 0
      ? [
          policy("conifer-router-in", {
            podSelector: { matchExpressions: [{ key: LABEL.dyno, operator: "Exists" }] },
            policyTypes: ["Ingress"],
            ingress: [{ from: routerRanges.map((cidr) => ({ ipBlock: { cidr } })) }],
          }),
        ]
      : []),
  ];
}

const ACCOUNT_KIND = { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts" } as const;
const ACCOUNT_WITHIN_MS = 10_000;

/**
 * Makes the namespace where it is missing; one that exists gets our labels. Pods can be made once the cluster has
 * given it the account that every pod must name, whether it uses it or not.
 */
export async function ensureSpace(
  client: KubeClient,
  fence: SpaceFence,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { namespace } = fence;
  // The namespace may have been made by hand with labels of its own; ours are added.
  await client.apply(makeNamespace(namespace));
  for (const policy of makeFencePolicies(fence)) await client.apply(policy);
  const begin = performance.now();
  while (!options.signal.aborted) {
    try {
      await client.get({ kind: ACCOUNT_KIND, namespace }, "default");
      return;
    } catch (thrown) {
      if (!isNotFound(thrown) || performance.now() - begin > ACCOUNT_WITHIN_MS) throw thrown;
      await pause(25, options.signal);
    }
  }
}
