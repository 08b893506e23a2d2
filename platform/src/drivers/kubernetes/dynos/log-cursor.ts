/** A line of a container's log, as the node writes it with its time in front. */
export interface StampedLine {
  /** RFC 3339 with up to nine digits of a second. */
  readonly stamp: string;
  readonly text: string;
}

/** Undefined for what has no time in front, such as a node's word on a log that is gone. */
export function parseStampedLine(line: string): StampedLine | undefined {
  const space = line.indexOf(" ");
  const stamp = space < 0 ? line : line.slice(0, space);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(stamp)) return undefined;
  return { stamp, text: space < 0 ? "" : line.slice(space + 1) };
}

/** Nanoseconds since the epoch. */
export function nanosOf(stamp: string): bigint {
  const [, seconds = "", fraction = "", zone = "Z"] = /^(.{19})(?:\.(\d+))?(.+)$/.exec(stamp) ?? [];
  return BigInt(Date.parse(`${seconds}${zone}`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/**
 * Remembers how far a log was read, so that reading it again from a time in whole seconds, as the API allows, yields
 * each line once. Lines of the same nanosecond are told apart by their number.
 */
export interface LogCursor {
  /** Where to begin the next reading, RFC 3339 in whole seconds; undefined: at the log's begin. */
  since(): string | undefined;
  /** To be called before each reading. */
  rewind(): void;
  /** Whether the line is new. */
  accept(line: StampedLine): boolean;
}

export function makeLogCursor(from?: Date): LogCursor {
  let last = from ? BigInt(from.getTime()) * 1_000_000n : undefined;
  /** Lines of the last moment that have been taken, and such seen in this reading. */
  let taken = 0;
  let seen = 0;
  return {
    since: () =>
      last === undefined
        ? undefined
        : new Date(Number(last / 1_000_000_000n) * 1_000).toISOString().replace(".000Z", "Z"),
    rewind: () => {
      seen = 0;
    },
    accept: ({ stamp }) => {
      const at = nanosOf(stamp);
      if (last !== undefined && at < last) return false;
      if (at === last) {
        seen++;
        if (seen <= taken) return false;
        taken = seen;
        return true;
      }
      last = at;
      taken = 1;
      seen = 1;
      return true;
    },
  };
}
