import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, type KubeClient, KubeError } from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";
import type { Manifest } from "../installation/installation-names.ts";
import type { Stage } from "../installation/make-installation.ts";
import { type Tell, tellStep } from "./tell-steps.ts";
import { waitForWorkload } from "./wait-for-workload.ts";

/** Owner of the fields that an installation sets. */
export const FIELD_MANAGER = "conifer-install";

export interface ApplyOptions {
  readonly client: KubeClient;
  readonly tell: Tell;
  /** When waiting ends, by `performance.now()`. */
  readonly until: number;
  readonly signal: AbortSignal;
}

const WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet"];

/** Applies stage after stage; each one's pods answer before the next begins. @throws CliError that names what failed */
export async function applyStages(stages: readonly Stage[], options: ApplyOptions): Promise<void> {
  for (const { name, roles, objects } of stages) {
    const what = roles.length > 0 ? `Starting ${roles.join(", ")}` : `Making the ${name}`;
    await tellStep(options.tell, what, async () => {
      for (const object of objects) await applyObject(object, options);
      const running = objects.filter(({ kind }) => WORKLOADS.includes(kind));
      await Promise.all(running.map((object) => waitForWorkload(object, options)));
    });
  }
}

const TRIES = 5;

/** Applies one object; what may pass is tried again. */
export async function applyObject(
  object: Manifest,
  { client, signal }: Pick<ApplyOptions, "client" | "signal">,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      await client.apply(object, { fieldManager: FIELD_MANAGER });
      return;
    } catch (thrown) {
      if (!isPassing(thrown) || attempt === TRIES) throw explain(object, thrown);
      await sleep(200 * 2 ** attempt, undefined, { signal });
    }
  }
}

function explain({ kind, metadata }: Manifest, thrown: unknown): CliError {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const name = metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
  const hint =
    thrown instanceof KubeError && thrown.status === 403
      ? " Ask for that permission, or let an administrator of the cluster install."
      : "";
  return new CliError("failed", `${kind} ${name} cannot be applied: ${said}.${hint}`, { cause: thrown });
}
