/** Exit codes of the phases (Platform API 0.15, the "Exit Code" tables). */
export const EXIT = {
  failed: 1,
  platformApi: 11,
  buildpackApi: 12,
  noGroup: 20,
  noGroupWithErrors: 21,
  detect: 22,
  analyze: 32,
  restore: 42,
  buildpackFailed: 51,
  build: 52,
  export: 62,
  rebase: 72,
} as const;

/** Ends a phase with an exit code and a message for the person who waits for the build. */
export class PhaseError extends Error {
  override readonly name = "PhaseError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Runs a phase; whatever it throws that carries no exit code of its own gets the phase's general one. */
export async function inPhase<T>(exitCode: number, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof PhaseError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new PhaseError(exitCode, `${doing}: ${reason}`, { cause: thrown });
  }
}
