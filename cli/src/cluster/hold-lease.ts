import { hostname } from "node:os";
import {
  isConflict,
  isNotFound,
  type KubeClient,
  type KubeObject,
} from "@conifer/platform/kubernetes-client";
import { CliError } from "../cli-error.ts";
import { kindOf } from "./api-kinds.ts";

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

const NAME = "conifer-install";
const LASTS_SECONDS = 45;
const RENEW_MS = 10_000;

/** What is held, and how it is given back. */
export interface HeldLease {
  /** Aborts when the lease was lost: somebody else may have begun. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lease that keeps two installations from working on one cluster at once. One whose holder was killed runs out.
 * @throws CliError `refused` that names the holder
 */
export async function holdLease(client: KubeClient, namespace: string): Promise<HeldLease> {
  const place = { kind: kindOf("Lease"), namespace };
  const holder = `${hostname()}/${process.pid}/${Date.now().toString(36)}`;
  let lease = await take(client, namespace, holder);
  const lost = new AbortController();
  let renewal = Promise.resolve();
  const renew = async () => {
    try {
      lease = await client.replace<Lease>(leaseObject(lease, holder));
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown))
        lost.abort(new CliError("refused", "Another installation has begun; this one stops."));
      // Any other trouble passes, or the lease runs out.
    }
  };
  const timer = setInterval(() => {
    renewal = renewal.then(renew);
  }, RENEW_MS);
  return {
    signal: lost.signal,
    release: async () => {
      clearInterval(timer);
      await renewal;
      const { uid, resourceVersion } = lease.metadata;
      if (lost.signal.aborted || !uid || !resourceVersion) return;
      // One that cannot be given back runs out.
      await client.remove(place, NAME, { uid, resourceVersion }).catch(() => {});
    },
  };
}

async function take(client: KubeClient, namespace: string, holder: string): Promise<Lease> {
  const place = { kind: kindOf("Lease"), namespace };
  const fresh = { apiVersion: place.kind.apiVersion, kind: "Lease", metadata: { name: NAME, namespace } };
  try {
    return await client.create<Lease>(leaseObject(fresh, holder));
  } catch (thrown) {
    if (!isConflict(thrown)) throw thrown;
  }
  const found = await client.get<Lease>(place, NAME);
  if (!isOver(found, new Date())) throw taken(found);
  try {
    return await client.replace<Lease>(leaseObject(found, holder));
  } catch (thrown) {
    if (isConflict(thrown)) throw taken(await client.get<Lease>(place, NAME));
    throw thrown;
  }
}

/** Whether its holder has stopped renewing it. */
export function isOver({ spec }: Lease, now: Date): boolean {
  const renewed = Date.parse(spec?.renewTime ?? "");
  if (Number.isNaN(renewed)) return true;
  return now.getTime() - renewed > (spec?.leaseDurationSeconds ?? LASTS_SECONDS) * 1_000;
}

function taken({ spec }: Lease): CliError {
  const [machine, pid] = (spec?.holderIdentity ?? "").split("/");
  return new CliError(
    "refused",
    `An installation is under way from ${machine || "another machine"} (process ${pid ?? "unknown"}). Wait until it has ended; if it was killed, try again in ${LASTS_SECONDS} s.`,
  );
}

function leaseObject({ apiVersion, kind, metadata, spec }: Lease, holder: string): Lease {
  const now = new Date().toISOString().replace("Z", "000Z");
  const acquireTime = spec?.holderIdentity === holder ? (spec.acquireTime ?? now) : now;
  return {
    apiVersion,
    kind,
    metadata,
    spec: { holderIdentity: holder, leaseDurationSeconds: LASTS_SECONDS, acquireTime, renewTime: now },
  };
}
