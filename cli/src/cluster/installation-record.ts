import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { isNotFound, type KubeClient, type Secret } from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";
import { type Installation, type Manifest, manifest, RECORD } from "../installation/installation-names.ts";
import type { Stage } from "../installation/make-installation.ts";
import type { Overrides } from "../installation/read-values.ts";
import { kindOf } from "./api-kinds.ts";

/** One state that an installation was brought to. */
export interface InstalledVersion {
  readonly version: string;
  readonly image: string;
  /** Values as they were given. */
  readonly overrides: Overrides;
  /** Of the manifests, `sha256:<hex>`. */
  readonly digest: string;
  /** When its pods answered, ISO 8601. */
  readonly installedAt: string;
  readonly stages: readonly Stage[];
}

/** What the cluster remembers of an installation. */
export interface InstallationRecord {
  /** What was well last. */
  readonly current: InstalledVersion | undefined;
  /** What was well before that: a step back leads there. */
  readonly previous: InstalledVersion | undefined;
}

export const NO_RECORD: InstallationRecord = { current: undefined, previous: undefined };

export function digestOf(stages: readonly Stage[]): string {
  return `sha256:${createHash("sha256").update(JSON.stringify(stages)).digest("hex")}`;
}

/** As a Secret: values may hold a database's password. */
export function makeRecord(record: InstallationRecord, installation: Installation): Manifest {
  const kept = Object.entries(record).flatMap(([name, version]) =>
    version ? [[name, gzipSync(JSON.stringify(version)).toString("base64")]] : [],
  );
  const head = { apiVersion: "v1", kind: "Secret", name: RECORD };
  return manifest(installation, head, { type: "conifer.dev/installation", data: Object.fromEntries(kept) });
}

/** @throws CliError when what is there was not written by an installation */
export async function readRecord(client: KubeClient, namespace: string): Promise<InstallationRecord> {
  try {
    const { data = {} } = await client.get<Secret>({ kind: kindOf("Secret"), namespace }, RECORD);
    return { current: parse(data.current), previous: parse(data.previous) };
  } catch (thrown) {
    if (isNotFound(thrown)) return NO_RECORD;
    if (thrown instanceof SyntaxError || (thrown as NodeJS.ErrnoException).code?.startsWith("Z_"))
      throw new CliError(
        "failed",
        `The Secret ${namespace}/${RECORD} is damaged. Remove it and install again; keys and data stay.`,
      );
    throw thrown;
  }
}

function parse(data: string | undefined): InstalledVersion | undefined {
  if (!data) return undefined;
  return JSON.parse(gunzipSync(Buffer.from(data, "base64")).toString("utf8")) as InstalledVersion;
}
