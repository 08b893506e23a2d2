/** Told of what is copied. */
export interface CopyProgress {
  /** A part begins, and the one before it has ended. */
  begin(section: string): void;
  added(bytes: number): void;
}

const EVERY_MS = 2_000;

/** Tells a person how far a copy is: a line for each part, and where somebody watches one every two seconds. */
export function tellProgress(
  tell: (line: string) => void,
  watched: boolean,
  nowMs: () => number = () => performance.now(),
): CopyProgress {
  let [section, bytes, toldMs] = ["", 0, nowMs()];
  return {
    begin: (name) => {
      [section, toldMs] = [name, nowMs()];
      tell(`${section} ... (${sayBytes(bytes)} so far)`);
    },
    added: (more) => {
      bytes += more;
      if (!watched || nowMs() - toldMs < EVERY_MS) return;
      toldMs = nowMs();
      tell(`${section} ... ${sayBytes(bytes)}`);
    },
  };
}

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** `12.3 MB`, of 1024 kilobytes. */
export function sayBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}
