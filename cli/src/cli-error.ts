/** An error for the person at the terminal: what failed, why, and what to do next. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly failure: keyof typeof EXIT_STATUS;

  constructor(failure: keyof typeof EXIT_STATUS, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** What a command ends with, where it did not do what it was asked for. */
export const EXIT_STATUS = { failed: 1, usage: 2, unmet: 3, refused: 4 } as const;
