import { isNotFound, type KubeClient, type KubePlace } from "@conifer/platform/kubernetes-client";
import { INSTALLATION_LABEL, type Manifest } from "../installation/installation-names.ts";
import type { Stage } from "../installation/make-installation.ts";
import { type KindName, kindOf } from "./api-kinds.ts";

/** Kinds of which an installation may leave some behind. Volumes, Secrets and namespaces are not among them. */
export const PRUNED: readonly KindName[] = [
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

/** Every object with the installation's label in these namespaces, of the kinds that may be left behind. */
export function findOurs(
  client: KubeClient,
  installation: string,
  { namespaces }: { readonly namespaces: readonly string[] },
): Promise<Manifest[]> {
  const labelSelector = `${INSTALLATION_LABEL}=${installation}`;
  return findObjects(client, { namespaces, kinds: PRUNED, labelSelector });
}

/** Every object of these kinds in these namespaces; without a selector all of them. */
export async function findObjects(
  client: KubeClient,
  what: {
    readonly namespaces: readonly string[];
    readonly kinds: readonly KindName[];
    readonly labelSelector?: string;
  },
): Promise<Manifest[]> {
  const { namespaces, kinds, labelSelector } = what;
  const places = kinds.flatMap((kind) =>
    namespaces.map((namespace): KubePlace => ({ kind: kindOf(kind), namespace })),
  );
  const lists = await Promise.all(
    places.map((place) =>
      client.list<Manifest>(place, { labelSelector }).then(
        ({ items }) => items,
        (thrown: unknown) => {
          // A cluster without that kind (Gateway API) has none of it.
          if (isNotFound(thrown)) return [];
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
