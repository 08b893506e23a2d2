/** What a buildpack tells the person who pushes, in the form Heroku's buildpacks use. */
export interface BuildLog {
  /** A step: `-----> text`. */
  step(text: string): void;
  /** What the step found or did, indented under it. Line breaks are kept. */
  detail(text: string): void;
  /** Something to act on that does not stop the build. */
  warn(text: string): void;
}

const INDENT = "       ";
const WARNING = " !     ";

/** Each line of `text` with `prefix` before it; empty lines stay empty. */
export function prefixLines(text: string, prefix: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : prefix + line))
    .join("\n");
}

/** A log on `write`, which gets whole lines. Everything goes to one stream, so that the order is what happened. */
export function makeBuildLog(write: (text: string) => void): BuildLog {
  return {
    step: (text) => write(`-----> ${text}\n`),
    detail: (text) => write(`${prefixLines(text, INDENT)}\n`),
    warn: (text) => write(`${prefixLines(text, WARNING)}\n`),
  };
}
