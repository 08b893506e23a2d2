/** Why a command of the cluster tool ended without doing what it was asked, for its exit status. */
export type ClusterFailure = "failed" | "usage" | "missing";

/** A failure whose message says what to do next; anything else that is thrown is a mistake of ours. */
export class ClusterError extends Error {
  readonly failure: ClusterFailure;

  constructor(failure: ClusterFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ClusterError";
    this.failure = failure;
  }
}

/** 1: it failed, or not everything is healthy. 2: the arguments make no sense. 3: something is missing on this machine. */
export const EXIT_STATUS: Readonly<Record<ClusterFailure, number>> = { failed: 1, usage: 2, missing: 3 };
