import { type KubeClient, KubeError, type KubePlace } from "@conifer/platform/kubernetes-client";
import { INSTALLATION_LABEL, type Manifest } from "../installation/installation-names.ts";
import type { Stage } from "../installation/make-installation.ts";
import { type KindName, kindOf } from "./api-kinds.ts";

/** Kinds of which an installation may leave some behind. Volumes, Secrets and namespaces are not among them. */
const PRUNED: readonly KindName[] = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "PodDisruptionBudget",
  "HTTPRoute",
  "TCPRoute",
  "Service",
  "NetworkPolicy",
  "RoleBinding",
  "Role",
  "ServiceAccount",
  "ConfigMap",
];

/** Where objects of an installation are. */
export function namespacesOf(stages: readonly Stage[]): string[] {
  const found = stages.flatMap(({ objects }) =>
    objects.map(({ kind, metadata }) => (kind === "Namespace" ? metadata.name : metadata.namespace)),
  );
  return [...new Set(found)].filter((name) => name !== undefined).toSorted();
}

const keyOf = ({ kind, metadata }: Manifest) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;

/** What is there with our label and is no part of what was asked for. */
export function leftovers(found: readonly Manifest[], stages: readonly Stage[]): Manifest[] {
  const wanted = new Set(stages.flatMap(({ objects }) => objects.map(keyOf)));
  return found.filter((object) => !wanted.has(keyOf(object)));
}

/** Every object with the installation's label in these namespaces, of the given kinds. */
export async function findOurs(
  client: KubeClient,
  installation: string,
  {
    namespaces,
    kinds = PRUNED,
  }: { readonly namespaces: readonly string[]; readonly kinds?: readonly KindName[] },
): Promise<Manifest[]> {
  const places = kinds.flatMap((kind) =>
    namespaces.map((namespace): KubePlace => ({ kind: kindOf(kind), namespace })),
  );
  const lists = await Promise.all(
    places.map((place) =>
      client.list<Manifest>(place, { labelSelector: `${INSTALLATION_LABEL}=${installation}` }).then(
        ({ items }) => items,
        (thrown: unknown) => {
          // A cluster without that kind (Gateway API) has none of it.
          if (thrown instanceof KubeError && thrown.status === 404) return [];
          throw thrown;
        },
      ),
    ),
  );
  return lists.flat();
}

export async function removeObject(client: KubeClient, { kind, metadata }: Manifest): Promise<void> {
  const { name, namespace, uid } = metadata;
  const place = namespace === undefined ? { kind: kindOf(kind) } : { kind: kindOf(kind), namespace };
  await client.remove(place, name, uid ? { uid } : {});
}
