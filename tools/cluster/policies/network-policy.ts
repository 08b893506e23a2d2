import type { KubeObject } from "../../../platform/src/drivers/kubernetes/client/index.ts";

/** Which objects are meant, by their labels; every condition must hold, and none at all means every object. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelCondition[];
}

export type Labels = Readonly<Record<string, string>>;

interface LabelCondition {
  readonly key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Someone at the other end: pods by their labels and their namespaces' labels, or addresses. */
export interface PolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface PolicyPort {
  /** TCP where it is missing. */
  readonly protocol?: string;
  /** A number, or the name of a port of a pod; every port where it is missing. */
  readonly port?: number | string;
  /** The last port of a range that begins with the number in `port`. */
  readonly endPort?: number;
}

/** A NetworkPolicy as the API gives it (networking.k8s.io/v1). */
export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly {
      readonly from?: readonly PolicyPeer[];
      readonly ports?: readonly PolicyPort[];
    }[];
    readonly egress?: readonly {
      readonly to?: readonly PolicyPeer[];
      readonly ports?: readonly PolicyPort[];
    }[];
  };
}

/** Whether labels are meant by a selector. An operator that is not known means none. */
export function isSelected({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, value]) => labelOf(labels, key) === value) &&
    (matchExpressions ?? []).every((condition) => holds(condition, labelOf(labels, condition.key)))
  );
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function holds({ operator, values = [] }: LabelCondition, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
