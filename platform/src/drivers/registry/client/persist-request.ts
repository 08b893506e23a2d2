import { pause } from "../../../kernel/index.ts";
import { RegistryRequestError } from "./registry-request-error.ts";

/** How often something is tried, and how long to wait before the second time; the wait doubles from then on. */
export interface Persistence {
  readonly tries: number;
  readonly pauseMs: number;
}

const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before the next try; undefined when there should be none. `tried` is how often it was. */
export function pauseBefore(
  thrown: unknown,
  tried: number,
  { tries, pauseMs }: Persistence,
): number | undefined {
  if (!(thrown instanceof RegistryRequestError) || !thrown.passing || tried >= tries) return undefined;
  const asked = (thrown.retryAfterSeconds ?? 0) * 1000;
  return Math.min(LONGEST_PAUSE_MS, Math.max(asked, pauseMs * 2 ** (tried - 1)));
}

/** Does the work again while what stops it may pass. Throws what stopped it last, or the signal's reason. */
export async function persist<T>(
  work: () => Promise<T>,
  persistence: Persistence,
  signal?: AbortSignal,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      const wait = pauseBefore(thrown, tried, persistence);
      if (wait === undefined) throw thrown;
      await pause(wait, signal);
    }
  }
}
