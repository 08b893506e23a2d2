import { type ChildProcess, spawn } from "node:child_process";
import { type Logger, pause } from "../kernel/index.ts";
import type { OwnLog } from "./own-log.ts";
import { killGroup } from "./supervisor-instance.ts";
import { isReadyMessage, type ReadyMessage } from "./supervisor-messages.ts";

/** How to start one of Conifer's processes. */
export interface ChildSpec {
  readonly role: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ChildOptions extends ChildSpec {
  /** Takes what the process writes. */
  readonly log: OwnLog;
  readonly logger: Logger;
  readonly readyWithinMs: number;
  readonly started: (pid: number) => void;
  /** Told when the process ended unasked and when it serves again. */
  readonly changed: (change: "ended" | "back", how: string) => void;
}

/** A process that is kept up. */
export interface KeptChild {
  readonly role: string;
  /** The first ready; rejects with the process's last words when it ends before. */
  readonly ready: Promise<ReadyMessage>;
  /** No more restarts; sends the signal. `ended` resolves when the process is gone. */
  end(signal: NodeJS.Signals): void;
  /** Kills the process and its group without waiting. */
  kill(): void;
  readonly ended: Promise<void>;
}

/** A process that served this long has shown that it can: its next end counts as the first. */
const STEADY_MS = 30_000;

/** How long to wait before a start, after so many ends in a row: at once after the first, then longer and longer. */
export function restartDelayMs(endsInARow: number): number {
  return endsInARow <= 1 ? 0 : Math.min(100 * 2 ** (endsInARow - 2), 5_000);
}

/**
 * Starts a process in a session of its own and starts it again whenever it ends, until `end` is called. Whatever is left
 * in its process group is killed with it. A process that ends before its first ready is not started again.
 */
export function keepChild(options: ChildOptions): KeptChild {
  const child = new Child(options);
  const ended = child.run();
  return {
    role: options.role,
    ready: child.ready.promise,
    end: (signal) => child.end(signal),
    kill: () => child.kill(),
    ended,
  };
}

class Child {
  readonly ready = Promise.withResolvers<ReadyMessage>();
  process: ChildProcess | undefined;
  readonly #options: ChildOptions;
  readonly #ending = new AbortController();
  #readyOnce = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.ready.promise.catch(() => {});
  }

  end(signal: NodeJS.Signals): void {
    this.#ending.abort();
    this.process?.kill(signal);
  }

  kill(): void {
    this.end("SIGKILL");
    const { pid, exitCode, signalCode } = this.process ?? {};
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid);
  }

  async run(): Promise<void> {
    const { signal } = this.#ending;
    let endsInARow = 0;
    while (!signal.aborted) {
      const since = performance.now();
      const how = await this.#runOnce();
      if (signal.aborted) break;
      if (!this.#readyOnce) {
        this.ready.reject(new Error(this.#lastWords(how)));
        return;
      }
      endsInARow = performance.now() - since > STEADY_MS ? 1 : endsInARow + 1;
      this.#options.logger.error("a process ended and is started again", { role: this.#options.role, how });
      this.#options.changed("ended", how);
      await pause(restartDelayMs(endsInARow), signal);
    }
    this.ready.reject(new Error(`${this.#options.role} was stopped before it was ready`));
  }

  /** One life of the process; resolves with how it ended. */
  async #runOnce(): Promise<string> {
    const { command, args, env, log, started, readyWithinMs } = this.#options;
    const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => log.write(text));
    }
    const late = setTimeout(() => {
      log.write(`not ready within ${readyWithinMs} ms\n`);
      child.kill("SIGKILL");
    }, readyWithinMs);
    child.on("message", (message) => {
      if (!isReadyMessage(message)) return;
      clearTimeout(late);
      this.#serves(message);
    });
    if (child.pid !== undefined) started(child.pid);
    const closed = new Promise((resolve) => child.once("close", resolve));
    const how = await endOf(child);
    clearTimeout(late);
    if (child.pid === undefined) return how;
    killGroup(child.pid);
    await Promise.race([closed, pause(500)]);
    return how;
  }

  #serves(message: ReadyMessage): void {
    if (this.#readyOnce) this.#options.changed("back", "");
    this.#readyOnce = true;
    this.ready.resolve(message);
  }

  #lastWords(how: string): string {
    const said = wordsForPeople(this.#options.log.tail());
    return `${this.#options.role} did not start: ${how}${said ? `\n${indent(said)}` : ""}`;
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (thrown) => resolve(thrown.message));
    child.once("exit", (code, signal) =>
      resolve(signal ? `killed by ${signal}` : `it ended with status ${code}`),
    );
  });
}

/** What a process said beside its log lines; the log lines when it said nothing else. */
export function wordsForPeople(text: string): string {
  const lines = text.trim().split("\n");
  const plain = lines.filter((line) => !line.startsWith('{"time":'));
  return (plain.length > 0 ? plain : lines).join("\n");
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
