import { type Claim, StaleClaim } from "../../../kernel/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { type ConfigMap, KIND } from "../client/index.ts";
import { ANNOTATION, LABEL, MANAGED_BY, recordName } from "./dyno-labels.ts";

/** A formation dyno as users and the router see it; all of it may change while it runs, but for id and type. */
export type DynoEntry = Pick<
  DynoSpec,
  "id" | "name" | "type" | "appId" | "releaseId" | "releaseVersion" | "duty"
>;

/**
 * What is wanted of one app, in one object: a write of it is what changes its endpoints, in one step and for every
 * Conifer process at once, and only one claimant's write can follow upon a version.
 */
export interface AppRecord {
  readonly appId: string;
  /** The highest number of each claim that has acted. */
  readonly claims: Readonly<Record<string, number>>;
  readonly dynos: readonly DynoEntry[];
}

const FIELD = "record";

/** The record in the app's object; undefined when it was edited into something else. */
export function readAppRecord(object: Pick<ConfigMap, "data">): AppRecord | undefined {
  try {
    const record = JSON.parse(object.data?.[FIELD] ?? "") as Partial<AppRecord>;
    const { appId, claims, dynos } = record;
    const whole = typeof appId === "string" && typeof claims === "object" && Array.isArray(dynos);
    return whole && claims !== null ? (record as AppRecord) : undefined;
  } catch {
    return undefined;
  }
}

export function makeAppObject(
  record: AppRecord,
  place: { readonly namespace: string; readonly resourceVersion?: string | undefined },
): ConfigMap {
  const newest = Math.max(0, ...Object.values(record.claims));
  return {
    apiVersion: KIND.configMap.apiVersion,
    kind: KIND.configMap.kind,
    metadata: {
      name: recordName(record.appId),
      namespace: place.namespace,
      labels: { ...MANAGED_BY, [LABEL.app]: record.appId },
      annotations: { [ANNOTATION.claim]: String(newest) },
      ...(place.resourceVersion ? { resourceVersion: place.resourceVersion } : {}),
    },
    data: { [FIELD]: JSON.stringify(record) },
  };
}

/** The record after a claimant's word. Throws StaleClaim when a later claimant has spoken. */
export function nextAppRecord(
  before: AppRecord | undefined,
  wanted: { readonly appId: string; readonly dynos: readonly DynoSpec[] },
  claim: Claim,
): AppRecord {
  const seen = before?.claims[claim.subject];
  if (seen !== undefined && claim.number < seen) throw new StaleClaim(claim, seen);
  return {
    appId: wanted.appId,
    claims: { ...before?.claims, [claim.subject]: claim.number },
    dynos: wanted.dynos.map(entryOf),
  };
}

export function entryOf(spec: DynoSpec): DynoEntry {
  const { id, name, type, appId, releaseId, releaseVersion, duty } = spec;
  return { id, name, type, appId, releaseId, releaseVersion, duty };
}

export function sameRecord(a: AppRecord | undefined, b: AppRecord): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
