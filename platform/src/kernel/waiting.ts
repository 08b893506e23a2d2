/**
 * What a reconcile ended with. Waiting is a value: not an error, and not a string in a catch block.
 * - `done`: the world agrees with the record.
 * - `waiting`: not ready yet, for a reason that time or another part will change; look again in `againInMs`.
 * - `stalled`: nothing will change until somebody changes the record.
 */
export type Outcome =
  | { readonly kind: "done" }
  | {
      readonly kind: "waiting";
      readonly reason: string;
      readonly message: string;
      readonly againInMs: number;
    }
  | { readonly kind: "stalled"; readonly reason: string; readonly message: string };

export const done: Outcome = { kind: "done" };

export function waiting(reason: string, message: string, againInMs: number): Outcome {
  return { kind: "waiting", reason, message, againInMs };
}

export function stalled(reason: string, message: string): Outcome {
  return { kind: "stalled", reason, message };
}

/** Resolves when the signal aborts, at once when it has. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** Resolves after `ms`, or at once when the signal aborts; never rejects and holds no process open on abort. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
