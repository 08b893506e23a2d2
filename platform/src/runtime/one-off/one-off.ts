import { invalidParams } from "../../kernel/index.ts";

/** A dyno started for one command. */
export interface OneOff {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  readonly type: string;
  readonly command: string;
  readonly size: string;
  readonly releaseId: string;
  readonly releaseVersion: number;
  readonly attached: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Numbers of one-off dynos have four digits; a formation's never do. (facts: runtime §4) */
const LEAST_NUMBER = 1_000;
const MOST_NUMBER = 9_999;

/** `run.4821`: a name that no running one has. `random` gives numbers from 0 up to 1. */
export function freeName(
  type: string,
  running: readonly { readonly name: string }[],
  random: () => number,
): string {
  const taken = new Set(running.map(({ name }) => name));
  for (;;) {
    const number = LEAST_NUMBER + Math.floor(random() * (MOST_NUMBER - LEAST_NUMBER + 1));
    if (!taken.has(`${type}.${number}`)) return `${type}.${number}`;
  }
}

export function isOneOffName(name: string): boolean {
  return Number(name.slice(name.lastIndexOf(".") + 1)) >= LEAST_NUMBER;
}

/** The process type in a one-off dyno's name: the caller's, where it can be one. */
export function typeOf(wanted: string | undefined): string {
  return wanted && /^[A-Za-z0-9_-]{1,60}$/.test(wanted) ? wanted : "run";
}

/** Longest lifetime a caller may ask for (facts: runtime §12). */
const LONGEST_SECONDS = 86_400;
const LONGEST_COMMAND = 100_000;

export function checkCommand(command: string): void {
  if (command.trim() === "") throw invalidParams("command is empty: say what to run, such as `bash`.");
  if (command.length > LONGEST_COMMAND || command.includes("\0"))
    throw invalidParams("command is too long, or holds a NUL character.");
}

export function checkLifetime(seconds: number | null | undefined): number | undefined {
  if (seconds === null || seconds === undefined) return undefined;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds;
  throw invalidParams(`time_to_live is a whole number of seconds from 1 to ${LONGEST_SECONDS}.`);
}

/** The client's terminal, when it has one: it then sends its size in COLUMNS and LINES (facts: runtime §12). */
export function terminalOf(
  env: Readonly<Record<string, string>>,
): { columns: number; rows: number } | undefined {
  const size = (text: string | undefined, fallback: number) => {
    const value = Number(text);
    return Number.isInteger(value) && value > 0 && value < 10_000 ? value : fallback;
  };
  if (env.COLUMNS === undefined && env.LINES === undefined) return undefined;
  return { columns: size(env.COLUMNS, 80), rows: size(env.LINES, 24) };
}

/** The caller's extra environment, as text. */
export function parseEnv(env: Readonly<Record<string, unknown>> | null | undefined): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env ?? {})) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw invalidParams(`"${name.slice(0, 60)}" cannot be the name of a variable.`);
    if (typeof value === "object" || String(value).includes("\0"))
      throw invalidParams(`The value of ${name} is not text.`);
    clean[name] = String(value);
  }
  return clean;
}
