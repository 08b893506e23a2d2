/**
 * A build that cannot go on for a reason the app's owner or the operator can act on. `message` says what failed and
 * why; `advice` says what to do next, a line each. Anything else that is thrown is our own fault and shows its stack.
 */
export class BuildFailure extends Error {
  readonly advice: readonly string[];

  constructor(message: string, advice: readonly string[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "BuildFailure";
    this.advice = advice;
  }
}

/** The text of whatever was thrown, for a sentence that says what failed. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its address cannot be looked up";
  if (code === "ECONNREFUSED") return "the connection was refused";
  if (thrown.name === "TimeoutError" || thrown.name === "AbortError" || code === "ERR_SOCKET_TIMEOUT") {
    return "it did not answer in time";
  }
  return thrown.message;
}
