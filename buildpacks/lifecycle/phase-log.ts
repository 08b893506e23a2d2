/** What a phase says to the person who waits. Headings and details are `info`. */
export interface PhaseLog {
  heading(text: string): void;
  detail(text: string): void;
  debug(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

const LEVELS = ["debug", "info", "warn", "error"];

/** Writes information to one stream and warnings and errors to the other, from the given level on. */
export function makePhaseLog(
  level: string,
  out: (line: string) => void,
  problems: (line: string) => void,
): PhaseLog {
  const threshold = Math.max(0, LEVELS.indexOf(level));
  const at = (wanted: string, write: (line: string) => void, mark: string) => (text: string) => {
    if (LEVELS.indexOf(wanted) < threshold) return;
    for (const line of text.split("\n")) write(`${mark}${line}\n`);
  };
  return {
    heading: at("info", out, "-----> "),
    detail: at("info", out, "       "),
    debug: at("debug", out, "       "),
    warn: at("warn", problems, " !     "),
    error: at("error", problems, " !     "),
  };
}
