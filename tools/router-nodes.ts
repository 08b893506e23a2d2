import { KIND, type KubeClient, type Pod } from "../platform/src/drivers/kubernetes/client/index.ts";

/** Where balancers outside of a cluster lead visitors of an installation's apps. */
export interface RouterNodes {
  /** The port of nodes that leads to routers (http). */
  readonly port: number;
  /** Nodes with a router that answers: only there the port leads anywhere. */
  readonly addresses: readonly string[];
}

/** @throws Error when the installation's routers have no port of nodes */
export async function findRouterNodes(client: KubeClient, namespace: string): Promise<RouterNodes> {
  const labelSelector = "conifer.dev/role=router";
  const [port, { items }] = await Promise.all([
    routersNodePort(client, namespace),
    client.list<Pod>({ kind: KIND.pod, namespace }, { labelSelector }),
  ]);
  const addresses = items.filter(isReady).map(({ status }) => status?.hostIP ?? "");
  return { port, addresses: [...new Set(addresses)].filter(Boolean).toSorted() };
}

/** The port of nodes that leads to routers (http). @throws Error when there is none */
export async function routersNodePort(client: KubeClient, namespace: string): Promise<number> {
  const kind = { apiVersion: "v1", kind: "Service", plural: "services" };
  const { spec } = (await client.get({ kind, namespace }, "conifer-edge")) as unknown as {
    spec: { ports: readonly { port: number; nodePort?: number }[] };
  };
  const port = spec.ports.find((one) => one.port === 80)?.nodePort;
  if (!port) throw new Error("The routers have no port of nodes; install with router.service=NodePort.");
  return port;
}

/** Whether it answers, and is not on its way out. */
export const isReady = ({ metadata, status }: Pod): boolean =>
  !metadata.deletionTimestamp &&
  (status?.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");
