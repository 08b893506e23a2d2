import { setTimeout as sleep } from "node:timers/promises";
import { isNotFound, type KubeClient } from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";
import { INSTALLATION_LABEL, type Manifest } from "../installation/installation-names.ts";
import { type KindName, kindOf } from "./api-kinds.ts";
import { ENGINE_SELECTOR, foreignObjects, WORTH_KEEPING } from "./foreign-objects.ts";
import { findObjects, PRUNED, removeObject } from "./prune-objects.ts";
import { type Tell, tellStep } from "./tell-steps.ts";

/** What is to be taken out of a cluster. */
export interface TakeOutOptions {
  readonly client: KubeClient;
  /** The system namespace. */
  readonly namespace: string;
  /** Leaves volumes, keys and the record, from which another installation goes on. */
  readonly keepData: boolean;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

const WITHIN_MS = 300_000;
const EVERY_MS = 500;
/** What workers make in the namespaces of apps and builds. */
const MADE_BY_WORKERS: readonly KindName[] = [
  "ReplicaSet",
  "Pod",
  "ConfigMap",
  "Secret",
  "NetworkPolicy",
  "ResourceQuota",
  "LimitRange",
];
/** What holds data, or what data is sealed with. */
const DATA: readonly KindName[] = ["PersistentVolumeClaim", "Secret"];

/** The namespaces of an installation, the system's among them; none when there is no installation. */
export async function findNamespaces(client: KubeClient, installation: string): Promise<string[]> {
  const { items } = await client.list(
    { kind: kindOf("Namespace") },
    { labelSelector: `${INSTALLATION_LABEL}=${installation}` },
  );
  return items.map(({ metadata }) => metadata.name).toSorted();
}

/**
 * Takes an installation out: its roles first, so that nobody makes anew what goes, then dynos and builds, then the rest.
 * Only what carries our labels goes, and the namespaces stay. May be called again after a kill.
 * @throws CliError when something does not go in time
 */
export async function takeOut(options: TakeOutOptions, namespaces: readonly string[]): Promise<void> {
  const { client, namespace, keepData, tell } = options;
  const ours = `${INSTALLATION_LABEL}=${namespace}`;
  const remove = async (kinds: readonly KindName[], places: readonly string[], labelSelector: string) => {
    const found = await findObjects(client, { namespaces: places, kinds, labelSelector });
    for (const object of found) await removeObject(client, object);
    await waitUntilGone(options, kinds, { places, labelSelector });
  };
  await tellStep(tell, "Ending the roles", async () => {
    await remove(["Deployment", "StatefulSet", "DaemonSet", "PodDisruptionBudget"], namespaces, ours);
    await waitUntilGone(options, ["Pod"], { places: namespaces, labelSelector: ours });
  });
  const others = namespaces.filter((name) => name !== namespace);
  await tellStep(tell, "Ending dynos and builds", () => remove(MADE_BY_WORKERS, others, ENGINE_SELECTOR));
  await tellStep(tell, "Removing what they were given", async () => {
    await remove(PRUNED, namespaces, ours);
    if (!keepData) await remove(DATA, namespaces, ours);
    await removeClusterWide(client, ours);
  });
}

async function removeClusterWide(client: KubeClient, labelSelector: string): Promise<void> {
  const { items } = await client.list<Manifest>({ kind: kindOf("PriorityClass") }, { labelSelector });
  for (const object of items) await removeObject(client, object);
}

/**
 * Removes the namespaces, but one with something in it that is not ours, and the system's where data is kept.
 * @returns what is left, for people
 */
export async function removeNamespaces(
  options: TakeOutOptions,
  namespaces: readonly string[],
): Promise<string[]> {
  const { client, namespace, keepData } = options;
  const names = namespaces.filter((name) => !keepData || name !== namespace);
  const left: string[] = keepData
    ? [`namespace ${namespace}: volumes, keys and the record of the installation`]
    : [];
  for (const name of names) {
    const all = await findObjects(client, { namespaces: [name], kinds: WORTH_KEEPING });
    const foreign = foreignObjects(all, namespace);
    if (foreign.length > 0) {
      const told = foreign.slice(0, 5).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      left.push(
        `namespace ${name}: not Conifer's: ${told.join(", ")}${foreign.length > 5 ? " and more" : ""}`,
      );
      continue;
    }
    await client.remove({ kind: kindOf("Namespace") }, name);
    await waitFor(options, `namespace ${name}`, () => isGone(client, name));
  }
  return left;
}

async function isGone(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    await client.get({ kind: kindOf("Namespace") }, namespace);
    return false;
  } catch (thrown) {
    if (isNotFound(thrown)) return true;
    throw thrown;
  }
}

async function waitUntilGone(
  options: TakeOutOptions,
  kinds: readonly KindName[],
  { places, labelSelector }: { readonly places: readonly string[]; readonly labelSelector: string },
): Promise<void> {
  await waitFor(options, kinds.join(", "), async () => {
    const left = await findObjects(options.client, { namespaces: places, kinds, labelSelector });
    return left.length === 0;
  });
}

async function waitFor(
  { signal }: TakeOutOptions,
  what: string,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  while (!(await isDone())) {
    signal.throwIfAborted();
    if (performance.now() > until)
      throw new CliError(
        "failed",
        `${what} did not go within ${WITHIN_MS / 1_000} s. Look at what holds it (finalizers, a node that is away), and run the command again.`,
      );
    await sleep(EVERY_MS, undefined, { signal });
  }
}
