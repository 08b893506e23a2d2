import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeenPod } from "./seen-pod.ts";

/** Addresses that the node has just given to a pod: known here before the kubelet tells the API server. */
export interface Sighting {
  readonly uid: string;
  readonly addresses: readonly string[];
}

/** What libcni keeps of each network that a pod was put on. */
interface NetworkRecord {
  readonly networkName?: string;
  readonly cniArgs?: readonly (readonly [string, string])[];
  readonly result?: { readonly ips?: readonly { readonly address?: string }[] };
}

/** What a file of libcni's says; undefined for one of another network, or one that is being written. */
export function readSighting(text: string, network: string): Sighting | undefined {
  let record: NetworkRecord | null;
  try {
    record = JSON.parse(text) as NetworkRecord | null;
  } catch {
    return undefined;
  }
  if (record?.networkName !== network) return undefined;
  const uid = record.cniArgs?.find(([name]) => name === "K8S_POD_UID")?.[1];
  const addresses = (record.result?.ips ?? []).flatMap(({ address }) => address?.split("/")[0] ?? []);
  return uid && addresses.length > 0 ? { uid, addresses } : undefined;
}

/** Every sighting in the folder where libcni keeps its results; none where there is no such folder yet. */
export async function readSightings(folder: string, network: string): Promise<Sighting[]> {
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    names
      .filter((name) => name.startsWith(`${network}-`))
      .map((name) => readFile(join(folder, name), "utf8").catch(() => "")), // the pod has just gone
  );
  return texts.flatMap((text) => readSighting(text, network) ?? []);
}

/**
 * The pods with the addresses that they have on this node now. What the node itself saw comes before what the API server
 * was told: an address belongs to the pod that got it last.
 */
export function withSightings(pods: readonly SeenPod[], sightings: readonly Sighting[]): SeenPod[] {
  const seen = Map.groupBy(sightings, ({ uid }) => uid);
  const owned = new Map(
    sightings.flatMap(({ uid, addresses }) => addresses.map((one) => [one, uid] as const)),
  );
  return pods.map((pod) => {
    const own = (seen.get(pod.uid) ?? []).flatMap(({ addresses }) => addresses);
    const told = pod.addresses.filter((one) => (owned.get(one) ?? pod.uid) === pod.uid);
    return { ...pod, addresses: [...new Set([...own, ...told])] };
  });
}
