export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";
export type StopDecision = "stop" | "stop now" | "ignore";

/**
 * A terminal sends Ctrl-C to npm and to the supervisor, and npm passes its own on: the same key press arrives twice.
 * Signals this close together are one.
 */
const ONE_PRESS_MS = 500;

/** What a signal means, given when the first one came (undefined: this is the first). Times are in milliseconds. */
export function decideStop(signal: StopSignal, firstAt: number | undefined, now: number): StopDecision {
  if (firstAt === undefined) return "stop";
  return signal === "SIGINT" && now - firstAt > ONE_PRESS_MS ? "stop now" : "ignore";
}

export interface StopHandlers {
  readonly stop: () => void;
  readonly stopNow: () => void;
}

/** Listens for the signals that stop the platform; the returned function ends the listening. */
export function listenForStop({ stop, stopNow }: StopHandlers): () => void {
  let firstAt: number | undefined;
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const listener = () => {
      const decision = decideStop(signal, firstAt, performance.now());
      firstAt ??= performance.now();
      if (decision === "stop") stop();
      if (decision === "stop now") stopNow();
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const off of listeners) off();
  };
}

/**
 * Calls `gone` once when the process that started this one has ended. `expected` is its id when the caller knows it:
 * a parent that died before this was called is noticed too.
 */
export function watchParent(gone: () => void, expected = process.ppid): () => void {
  const look = () => {
    if (process.ppid === expected) return;
    clearInterval(timer);
    gone();
  };
  const timer = setInterval(look, 250);
  timer.unref();
  setImmediate(look);
  return () => clearInterval(timer);
}
