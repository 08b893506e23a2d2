import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, type KubeClient, type Pod } from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";
import { type Manifest, ROLE_LABEL } from "../installation/installation-names.ts";
import { kindOf } from "./api-kinds.ts";
import { podTrouble, workloadHealth } from "./workload-health.ts";

export interface Waiting {
  readonly client: KubeClient;
  /** When waiting ends, by `performance.now()`. */
  readonly until: number;
  readonly signal: AbortSignal;
}

const EVERY_MS = 500;
const LOG_LINES = 20;

/**
 * Waits until a workload's pods are those asked for last, and answer.
 * @throws CliError that names the pod which does not, why, and the last lines of its log
 */
export async function waitForWorkload(object: Manifest, { client, until, signal }: Waiting): Promise<void> {
  const { name, namespace = "" } = object.metadata;
  const place = { kind: kindOf(object.kind), namespace };
  let said = "no answer of the API server";
  for (;;) {
    signal.throwIfAborted();
    try {
      const health = workloadHealth(await client.get<Manifest>(place, name));
      if (health.state === "well") return;
      said = health.said;
      if (health.state === "failed") break;
    } catch (thrown) {
      // The API server may be away for a while.
      if (!isPassing(thrown)) throw thrown;
    }
    if (performance.now() >= until) break;
    await sleep(EVERY_MS, undefined, { signal });
  }
  const trouble = await findTrouble(client, object).catch(() => "");
  throw new CliError("failed", `${name} is not well: ${said}.${trouble}`);
}

/** The first pod that does not answer, with the end of its log. */
async function findTrouble(client: KubeClient, { metadata }: Manifest): Promise<string> {
  const { namespace = "", labels } = metadata;
  const place = { kind: kindOf("Pod"), namespace };
  const { items } = await client.list<Pod>(place, { labelSelector: `${ROLE_LABEL}=${labels?.[ROLE_LABEL]}` });
  // Of several it is the newest: an upgrade's pods come after those that still answer.
  const pods = items.toSorted((a, b) =>
    (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""),
  );
  const bad = pods.map((pod) => ({ pod, why: podTrouble(pod) })).find(({ why }) => why);
  if (!bad) return "";
  const log = await lastLines(client, bad.pod);
  return ` Pod ${bad.pod.metadata.name}: ${bad.why}.${log ? `\nIts last lines:\n${log}` : ""}`;
}

/** What the pod's process said last; of the one before, where it has just been started anew. */
async function lastLines(client: KubeClient, pod: Pod): Promise<string> {
  const { name, namespace = "" } = pod.metadata;
  const again = (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0;
  for (const previous of again ? [true, false] : [false]) {
    const query = { tailLines: LOG_LINES, previous };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`;
    const text = await client
      .stream(path, query, AbortSignal.timeout(5_000))
      .then((body) => body.text())
      .catch(() => "");
    if (text.trim()) return text.trimEnd().replace(/^/gm, "    ");
  }
  return "";
}
