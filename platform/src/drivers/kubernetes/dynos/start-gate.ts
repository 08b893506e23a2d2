/** Printed once by the gate, right before the program starts; everything up to it is not the program's. */
export const GATE_MARK = "\u0001conifer\u0002";

/** What opens the gate. */
export const GATE_KEY = "\n";

/**
 * A container starts without waiting for a client, and nothing replays what it wrote before one came. The gate is a
 * line of shell before the program: it waits for one line of input, prints its mark and becomes the program. `read`
 * takes one byte at a time, so what follows the line is the program's.
 */
const GATE = `IFS= read -r gate; unset gate; printf '\\001conifer\\002'; exec "$@"`;

export function makeGate(argv: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", GATE, "sh", ...argv];
}

/** Drops everything up to the gate's mark, wherever chunks are cut; afterwards lets all pass. */
export interface GateFilter {
  /** The program's part of the chunk. */
  push(chunk: Buffer): Buffer;
}

export function makeGateFilter(): GateFilter {
  const mark = Buffer.from(GATE_MARK, "latin1");
  let held: Buffer | undefined = Buffer.alloc(0);
  return {
    push: (chunk) => {
      if (!held) return chunk;
      const seen = Buffer.concat([held, chunk]);
      const at = seen.indexOf(mark);
      if (at < 0) {
        // The mark may be cut; what stands before can be forgotten.
        held = seen.subarray(Math.max(0, seen.length - mark.length + 1));
        return Buffer.alloc(0);
      }
      held = undefined;
      return seen.subarray(at + mark.length);
    },
  };
}
