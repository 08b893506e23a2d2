import type { DynoSpec } from "../../../runtime/dyno/index.ts";

/** Nodes that are set aside: those with the label, whose taint of the same key and value is tolerated. */
export interface NodeClass {
  readonly key: string;
  readonly value: string;
}

/** Which nodes dynos may be on. */
export interface DynoNodes {
  /** The processor that images are made for, in Go's words (`amd64`, `arm64`); undefined: all nodes have the same. */
  readonly architecture?: string | undefined;
  /** By name of a dyno size in lower case; sizes that are not named go wherever there is room. */
  readonly bySize?: ReadonlyMap<string, NodeClass>;
}

/** So long a dyno stays on a node that does not answer. */
function tolerateLostNode(seconds: number) {
  return ["not-ready", "unreachable"].map((what) => ({
    key: `node.kubernetes.io/${what}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: seconds,
  }));
}

/** The part of a pod's spec that says where it may be. */
export function placeOnNodes(
  { size, architectures = [] }: Pick<DynoSpec, "size" | "architectures">,
  { architecture, bySize }: DynoNodes,
  lostNodeSeconds: number,
) {
  const nodeClass = size === undefined ? undefined : bySize?.get(size.toLowerCase());
  // A selector names one value; an image for several processors is for all that Conifer builds for.
  const isForAll = architectures.length > 1;
  const selector = {
    ...(architecture && !isForAll ? { "kubernetes.io/arch": architecture } : {}),
    ...(nodeClass ? { [nodeClass.key]: nodeClass.value } : {}),
  };
  return {
    ...(Object.keys(selector).length > 0 ? { nodeSelector: selector } : {}),
    tolerations: [
      ...tolerateLostNode(lostNodeSeconds),
      ...(nodeClass ? [{ ...nodeClass, operator: "Equal" }] : []),
    ],
  };
}
