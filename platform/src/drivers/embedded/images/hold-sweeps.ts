import { join } from "node:path";
import { pause } from "../../../kernel/index.ts";
import { type SweepLock, takeSweepLock } from "./sweep-lock.ts";

const LOOK_MS = 200;
/** Well before a holder is taken for dead. */
const BEAT_MS = 60_000;

/**
 * Keeps every blob of a store where it is until the returned function is called: no sweep begins meanwhile, and one that is under way
 * is waited for. Held for no longer than this process lives. An abort ends the wait, with the signal's reason.
 */
export async function holdSweeps(images: string, signal: AbortSignal): Promise<() => Promise<void>> {
  const lock = await waitForLock(join(images, "sweep.lock"), signal);
  const beating = setInterval(() => void lock.beat().catch(() => {}), BEAT_MS);
  beating.unref();
  return async () => {
    clearInterval(beating);
    await lock.release();
  };
}

async function waitForLock(path: string, signal: AbortSignal): Promise<SweepLock> {
  for (;;) {
    signal.throwIfAborted();
    const lock = await takeSweepLock(path);
    if (lock) return lock;
    await pause(LOOK_MS, signal);
  }
}
