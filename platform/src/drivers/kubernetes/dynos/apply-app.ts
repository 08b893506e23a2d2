import type { Claim } from "../../../kernel/index.ts";
import type { AppDynos } from "../../../runtime/dyno/index.ts";
import { type ConfigMap, isConflict, isNotFound, KIND, type KubeClient } from "../client/index.ts";
import { type AppRecord, makeAppObject, nextAppRecord, readAppRecord, sameRecord } from "./app-record.ts";
import { isOurs, recordName } from "./dyno-labels.ts";
import { digestOfData, makeDynoSecret } from "./dyno-manifests.ts";
import type { ObjectWriter, ToldSpecs } from "./object-writer.ts";
import type { SpaceObjects } from "./space-objects.ts";

export interface ApplyParts {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly writer: ObjectWriter;
  readonly space: SpaceObjects;
  readonly told: ToldSpecs;
  /** Makes the app's objects what the record says. */
  readonly reconcile: (appId: string) => Promise<unknown>;
}

/**
 * Records what is wanted of an app and makes what it needs. The record is written first, on the version that was read:
 * of two claimants only one can be next, and the other reads again and finds itself too late.
 */
export async function applyApp(parts: ApplyParts, app: AppDynos, claim: Claim): Promise<void> {
  // The record tells every watcher of the dynos at once; by then it must be known what they are.
  const written = await writeRecord(parts, app, { claim, before: () => tell(parts, app, claim) });
  // From here on the endpoints are the new ones.
  if (written) parts.space.take(written);
  await parts.reconcile(app.appId);
}

function tell({ namespace, told }: ApplyParts, { dynos }: AppDynos, claim: Claim): void {
  for (const spec of dynos) {
    const { data } = makeDynoSecret(spec, { namespace, part: "formation", claim: claim.number });
    told.set(spec.id, { spec, dataDigest: digestOfData(data) });
  }
}

async function writeRecord(
  parts: ApplyParts,
  app: AppDynos,
  { claim, before }: { readonly claim: Claim; readonly before: () => void },
): Promise<ConfigMap | undefined> {
  const { writer, client, namespace } = parts;
  for (;;) {
    const known = await readRecord(parts, app.appId);
    const next = nextAppRecord(known.record, app, claim);
    before();
    if (sameRecord(known.record, next)) return undefined;
    const object = makeAppObject(next, { namespace, resourceVersion: known.resourceVersion });
    try {
      const written =
        known.resourceVersion === undefined
          ? await writer.create(object)
          : await client.replace<ConfigMap>(object);
      if (written) return written;
    } catch (thrown) {
      // Another claimant wrote in between, or somebody removed it: read again.
      if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
    }
  }
}

/** From the cluster, past all caches. */
export async function readRecord(
  { client, namespace, space }: Pick<ApplyParts, "client" | "namespace" | "space">,
  appId: string,
): Promise<{ readonly record: AppRecord | undefined; readonly resourceVersion: string | undefined }> {
  try {
    const object = await client.get<ConfigMap>({ kind: KIND.configMap, namespace }, recordName(appId));
    // One that is not ours is found out when it would be made.
    if (!isOurs(object)) return { record: undefined, resourceVersion: undefined };
    space.take(object);
    return { record: readAppRecord(object), resourceVersion: object.metadata.resourceVersion };
  } catch (thrown) {
    if (isNotFound(thrown)) return { record: undefined, resourceVersion: undefined };
    throw thrown;
  }
}
