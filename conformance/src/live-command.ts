import { spawn } from "node:child_process";
import { once } from "node:events";
import * as pty from "@lydell/node-pty";
import { waitUntil } from "./wait-until.ts";

/** A program that runs while the test looks on. */
export interface LiveCommand {
  readonly pid: number;
  /** All that it has printed so far. */
  output(): string;
  /** Waits until the output matches, and returns the match. What was waited for before counts as read. */
  sees(pattern: RegExp, ms?: number): Promise<RegExpExecArray>;
  /** Types into it, or writes to its standard input. */
  types(text: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Its exit status, or -1 when a signal ended it. */
  readonly ended: Promise<number>;
}

export interface LiveTerminal extends LiveCommand {
  resize(columns: number, rows: number): void;
}

export interface LiveOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const SEE_MS = 45_000;

/** Starts a program with pipes. */
export function startCommand(program: string, args: readonly string[], options: LiveOptions): LiveCommand {
  const child = spawn(program, [...args], { ...options, stdio: "pipe" });
  const output = collect();
  child.stdout.on("data", (chunk: Buffer) => output.add(chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => output.add(chunk.toString("utf8")));
  child.stdin.on("error", () => {});
  return {
    ...output.reader,
    pid: child.pid ?? 0,
    types: (text) => child.stdin.write(text),
    kill: (signal) => child.kill(signal),
    ended: once(child, "close").then(([code]) => (code as number | null) ?? -1),
  };
}

/** Starts a program in a terminal. */
export function startTerminal(
  program: string,
  args: readonly string[],
  { columns = 100, rows = 30, ...options }: LiveOptions & { columns?: number; rows?: number },
): LiveTerminal {
  const terminal = pty.spawn(program, [...args], {
    cols: columns,
    rows,
    cwd: options.cwd,
    env: { ...options.env, TERM: "xterm" },
  });
  const output = collect();
  terminal.onData((data) => output.add(data));
  return {
    ...output.reader,
    pid: terminal.pid,
    types: (text) => terminal.write(text),
    kill: (signal) => terminal.kill(signal),
    resize: (toColumns, toRows) => terminal.resize(toColumns, toRows),
    ended: new Promise((resolve) =>
      terminal.onExit(({ exitCode, signal }) => resolve(signal ? -1 : exitCode)),
    ),
  };
}

function collect() {
  let text = "";
  let seen = 0;
  const output = () => text;
  const sees = async (pattern: RegExp, ms = SEE_MS) => {
    const match = await waitUntil(
      `output like ${pattern}`,
      () => pattern.exec(text.slice(seen)) ?? undefined,
      {
        ms,
        instead: output,
      },
    );
    seen += match.index + match[0].length;
    return match;
  };
  return {
    add: (more: string) => {
      text += more;
    },
    reader: { output, sees },
  };
}
