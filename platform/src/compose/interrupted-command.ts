/**
 * Does work that Ctrl-C and SIGTERM break off: it is aborted, and has the time it needs to clean up behind it. Throws the abort's
 * reason then.
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const end = () => over.abort();
  process.on("SIGINT", end).on("SIGTERM", end).on("SIGHUP", end);
  try {
    return await work(over.signal);
  } catch (thrown) {
    throw over.signal.aborted ? over.signal.reason : thrown;
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end).off("SIGHUP", end);
  }
}
