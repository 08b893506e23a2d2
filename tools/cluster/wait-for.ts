import { setTimeout as sleep } from "node:timers/promises";
import { ClusterError } from "./cluster-error.ts";

interface Waiting<T> {
  /** For the message: "the API server". */
  readonly what: string;
  /** How long, in milliseconds. */
  readonly within: number;
  /** Asked again and again: its first answer that is not undefined is the result. What it throws counts as "not yet". */
  readonly ask: () => Promise<T | undefined>;
  /** Milliseconds between two questions. */
  readonly every?: number;
  /** Where to look when it takes too long. */
  readonly hint?: string;
}

/** Waits for a condition. @throws ClusterError when it does not hold in time, with the last reason */
export async function waitUntil<T>({ what, within, ask, every = 150, hint }: Waiting<T>): Promise<T> {
  const end = performance.now() + within;
  let reason: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      reason = undefined;
    } catch (thrown) {
      reason = thrown;
    }
    if (performance.now() >= end) break;
    await sleep(every);
  }
  const why = reason instanceof Error ? ` (${reason.message.split("\n")[0]})` : "";
  throw new ClusterError(
    "failed",
    `Waited ${Math.round(within / 1_000)} s for ${what} in vain${why}.${hint ? ` ${hint}` : ""}`,
    { cause: reason },
  );
}
