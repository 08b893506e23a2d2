/** Longest line of a log, in characters; what is behind is left out. A stack is shorter. */
const LONGEST_LINE = 64 * 1024;

/**
 * Cuts what a process writes into lines. A line of its logger stays as it is; any other (a warning of the runtime, a stack,
 * PostgreSQL's own) is given to `wrap`, which makes a line of the log of it.
 */
export function makeLogLineReader(wrap: (text: string) => string) {
  let rest = "";
  const asLine = (text: string) => {
    const cut = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)} ...` : text;
    return isLogLine(cut) ? `${cut}\n` : wrap(cut);
  };
  return {
    take(text: string): string[] {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      // Its end is left out, and only then: the next line begins behind it.
      if (rest.length > 2 * LONGEST_LINE) rest = rest.slice(0, 2 * LONGEST_LINE);
      return lines.filter((line) => line.trim() !== "").map(asLine);
    },
    /** What was not ended by a line feed. */
    rest(): string[] {
      const last = rest;
      rest = "";
      return last.trim() === "" ? [] : [asLine(last)];
    },
  };
}

/** Whether a line is one of our loggers', whole. */
export function isLogLine(text: string): boolean {
  if (!text.startsWith('{"time":')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
