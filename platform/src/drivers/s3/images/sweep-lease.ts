import { type Clock, newId } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { LEASE } from "./image-keys.ts";

/** The right to sweep a bucket, for one process at a time. */
export interface SweepLease {
  /** Says that the sweep goes on. Throws when another may have taken it for dead. */
  beat(): Promise<void>;
  release(): Promise<void>;
}

/** A sweep that has not been heard of for so long is dead. */
const LEASE_MS = 10 * 60 * 1000;
const BEAT_MS = 2 * 60 * 1000;

interface Held {
  readonly holder: string;
  readonly untilMs: number;
}

/**
 * Takes the lease, or returns undefined while another has it. Who of two gets it the store decides, where it knows
 * conditional writes; elsewhere the last one to write does, and the registry is to have one replica.
 */
export async function takeSweepLease(
  bucket: Pick<S3Bucket, "get" | "put" | "remove">,
  now: Clock,
): Promise<SweepLease | undefined> {
  const holder = newId();
  const encode = () => Buffer.from(JSON.stringify({ holder, untilMs: now().getTime() + LEASE_MS }));
  const found = await bucket.get(LEASE);
  const before = found && readHeld(found.content);
  if (before && before.untilMs > now().getTime()) return undefined;
  let etag = await bucket.put(LEASE, encode(), found ? { etag: found.etag } : "absent");
  if (etag === undefined || !(await isMine(bucket, holder))) return undefined;
  let beatMs = now().getTime();
  return {
    async beat() {
      const nowMs = now().getTime();
      if (etag !== undefined && nowMs - beatMs < BEAT_MS) return;
      const isLate = nowMs - beatMs >= LEASE_MS;
      if (etag !== undefined && !isLate) etag = await bucket.put(LEASE, encode(), { etag });
      if (etag === undefined || isLate)
        throw new Error(
          "Another process sweeps the registry's bucket, since this one was too slow; nothing is lost.",
        );
      beatMs = nowMs;
    },
    async release() {
      if (await isMine(bucket, holder)) await bucket.remove(LEASE);
    },
  };
}

async function isMine(bucket: Pick<S3Bucket, "get">, holder: string): Promise<boolean> {
  const found = await bucket.get(LEASE);
  return found !== undefined && readHeld(found.content)?.holder === holder;
}

/** What is damaged holds nobody up. */
function readHeld(content: Buffer): Held | undefined {
  try {
    return JSON.parse(content.toString()) as Held;
  } catch {
    return undefined;
  }
}
