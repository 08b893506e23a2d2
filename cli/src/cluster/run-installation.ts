import type { KubeClient } from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";
import type { Installation } from "../installation/installation-names.ts";
import { makeInstallation, type Stage } from "../installation/make-installation.ts";
import type { Overrides } from "../installation/read-values.ts";
import { applyObject, applyStages } from "./apply-stages.ts";
import { holdLease } from "./hold-lease.ts";
import {
  digestOf,
  type InstallationRecord,
  type InstalledVersion,
  makeRecord,
} from "./installation-record.ts";
import { keepSecrets } from "./keep-secrets.ts";
import { findOurs, leftovers, namespacesOf, removeObject } from "./prune-objects.ts";
import { type Tell, tellStep } from "./tell-steps.ts";

export interface InstallOptions {
  readonly client: KubeClient;
  readonly installation: Installation;
  readonly overrides: Overrides;
  readonly record: InstallationRecord;
  /** Milliseconds that the new pods have to answer. */
  readonly within: number;
  readonly tell: Tell;
  /** Stops after the request under way; what was applied stays, and another installation goes on from there. */
  readonly signal: AbortSignal;
}

/**
 * Brings the cluster to an installation. What is no part of it any more goes once all answers. When the new pods do not
 * answer in time, the cluster goes back to what was there before.
 * @throws CliError `failed` with the pod that did not answer; `refused` while another installation is under way
 */
export async function runInstallation(options: InstallOptions): Promise<InstalledVersion> {
  const { client, installation } = options;
  const stages = makeInstallation(installation);
  const [namespaces, ...rest] = stages;
  if (!namespaces) throw new Error("an installation begins with its namespaces");
  // The lease lives in the system namespace, so that is made first; to make it again changes nothing.
  for (const object of namespaces.objects) await applyObject(object, options);
  const lease = await holdLease(client, installation.namespace);
  try {
    const signal = AbortSignal.any([options.signal, lease.signal]);
    await keepSecrets(installation, { client, signal });
    await bringTo(rest, stages, { ...options, signal });
    const version: InstalledVersion = {
      version: installation.version,
      image: installation.values.image,
      overrides: options.overrides,
      digest: digestOf(stages),
      installedAt: new Date().toISOString(),
      stages,
    };
    await keepRecord(version, { ...options, signal });
    return version;
  } finally {
    await lease.release();
  }
}

/** The one before is what was well before, also when the same is installed again. */
async function keepRecord(version: InstalledVersion, options: InstallOptions): Promise<void> {
  const { current, previous } = options.record;
  const before = current && current.digest !== version.digest ? current : previous;
  await applyObject(makeRecord({ current: version, previous: before }, options.installation), options);
}

async function bringTo(
  rest: readonly Stage[],
  all: readonly Stage[],
  options: InstallOptions,
): Promise<void> {
  const before = options.record.current?.stages ?? [];
  const until = performance.now() + options.within;
  try {
    await applyStages(rest, { ...options, until });
  } catch (thrown) {
    if (before.length === 0 || options.signal.aborted || !(thrown instanceof CliError)) throw thrown;
    throw await backOut(thrown, all, options);
  }
  await prune(all, before, options);
}

/** Back to what was well. The error tells what failed, and how the way back went. */
async function backOut(failure: CliError, all: readonly Stage[], options: InstallOptions): Promise<CliError> {
  const { record, tell, within } = options;
  const before = record.current;
  if (!before) return failure;
  const what = `version ${before.version} (${before.image})`;
  tell(`${failure.message.split("\n")[0]}\nGoing back to ${what} ...`);
  try {
    await applyStages(before.stages, { ...options, until: performance.now() + within });
    await prune(before.stages, all, options);
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `${failure.message}\nThe way back to ${what} failed too: ${said}`;
    return new CliError("failed", message, { cause: failure });
  }
  return new CliError("failed", `${failure.message}\nThe cluster is back at ${what}.`, { cause: failure });
}

async function prune(
  wanted: readonly Stage[],
  other: readonly Stage[],
  options: InstallOptions,
): Promise<void> {
  const { client, installation, tell } = options;
  const namespaces = namespacesOf([...wanted, ...other]);
  const found = leftovers(await findOurs(client, installation.namespace, { namespaces }), wanted);
  if (found.length === 0) return;
  await tellStep(tell, `Removing ${found.length} objects that are no part of it any more`, async () => {
    for (const object of found) await removeObject(client, object);
  });
}
