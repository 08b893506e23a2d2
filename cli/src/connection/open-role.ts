import type { Duplex } from "node:stream";
import { type KubeClient, openPodForward, type Pod } from "@conifer/platform/kubernetes-client";
import { kindOf } from "../cluster/api-kinds.ts";
import { roleSelector } from "../installation/installation-names.ts";
import type { Role } from "../installation/role-table.ts";
import { choosePod } from "./choose-pod.ts";

/** For how long the list of a role's pods is good. */
const FRESH_MS = 1_000;

/**
 * Opens connections to a role's pods, one after the other to each. A pod that refuses is no longer asked until the list
 * has been read anew.
 */
export function openRole(
  client: KubeClient,
  namespace: string,
  role: Role,
): (port: number) => Promise<Duplex> {
  const labelSelector = Object.entries(roleSelector(role))
    .map(([name, value]) => `${name}=${value}`)
    .join();
  let known: { readonly pods: readonly Pod[]; readonly until: number } | undefined;
  let turn = 0;
  const podsNow = async () => {
    if (!known || performance.now() > known.until) {
      const { items } = await client.list<Pod>({ kind: kindOf("Pod"), namespace }, { labelSelector });
      known = { pods: items, until: performance.now() + FRESH_MS };
    }
    return known.pods;
  };
  return async (port) => {
    const pod = choosePod(await podsNow(), turn++);
    if (!pod) throw new Error(`no pod of ${role} in ${namespace} answers`);
    try {
      return await openPodForward(client.access, { namespace, pod: pod.metadata.name, port });
    } catch (thrown) {
      known = undefined;
      throw thrown;
    }
  };
}
