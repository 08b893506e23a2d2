import { type Logger, makeLogger } from "./logger.ts";

/** A logger whose lines tests look at. */
export interface KeptLog {
  readonly logger: Logger;
  /** The lines that hold the text, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into lines of every shape
  linesWith(text: string): any[];
  /** The lines of the error id that a text shows to whoever met the failure. Throws when it shows none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into lines of every shape
  linesOfIdIn(shown: string): any[];
}

const SHOWN_ID = /\b[0-9a-f]{8}-[0-9a-f-]{27}\b/;

export function makeKeptLog(): KeptLog {
  const lines: string[] = [];
  const logger = makeLogger({
    ...{ role: "test", level: "debug", now: () => new Date("2026-01-02T03:04:05.000Z") },
    write: (line) => lines.push(line),
  });
  const linesWith = (text: string) =>
    lines.filter((line) => line.includes(text)).map((line) => JSON.parse(line));
  return {
    logger,
    linesWith,
    linesOfIdIn: (shown) => {
      const id = SHOWN_ID.exec(shown)?.[0];
      if (id === undefined) throw new Error(`there is no error id in: ${shown}`);
      return linesWith(id);
    },
  };
}
