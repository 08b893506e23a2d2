import type { KubeAccess, KubeCredentials } from "./kube-access.ts";

/** Credentials as they were read, and until when they are good: milliseconds since 1970. */
export interface ReadCredentials {
  readonly credentials: KubeCredentials;
  readonly until: number;
}

/**
 * Reads credentials when they are asked for and none are known, their time is over, or the server refused them. Who
 * asks while they are being read gets the same ones; a failure is told to all of them and not kept.
 */
export function keepCredentials(read: () => Promise<ReadCredentials>): KubeAccess["credentials"] {
  let kept: ReadCredentials | undefined;
  let reading: Promise<ReadCredentials> | undefined;
  return async (refused) => {
    if (kept && kept.credentials !== refused && Date.now() < kept.until) return kept.credentials;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    kept = await reading;
    return kept.credentials;
  };
}
