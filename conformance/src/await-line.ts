import type { ChildProcess } from "node:child_process";

export interface AwaitedLine {
  /** Who says it, for errors. */
  readonly who: string;
  readonly line: string;
  readonly withinMs: number;
  /** All that was said so far. */
  text(): string;
}

const LOOK_MS = 25;

/** Waits until a process has said a line. Throws with all it said when it ended before; one that is too late is killed. */
export async function awaitLine(
  child: ChildProcess,
  { who, line, withinMs, text }: AwaitedLine,
): Promise<void> {
  const until = Date.now() + withinMs;
  while (!text().includes(line)) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${who} ended before it was ready:\n${text()}`);
    if (Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${who} was not ready within ${withinMs} ms:\n${text()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
