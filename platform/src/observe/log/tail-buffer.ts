import type { Clock } from "../../kernel/index.ts";
import type { ReadLine } from "./log-ports.ts";
import { type LostLines, loseMore, tailOverflow } from "./lost-lines.ts";

export interface TailLimits {
  readonly lines: number;
  /** Characters of all messages together. */
  readonly characters: number;
}

export const DEFAULT_TAIL_LIMITS: TailLimits = { lines: 5_000, characters: 4_194_304 };

/** Lines on their way to one reader. A reader that is too slow loses the oldest, and is told how many with L11. */
export interface TailBuffer {
  push(line: ReadLine): void;
  /** All lines there are, oldest first, led by an L11 line when some before them were lost. */
  take(): ReadLine[];
  /** Resolves when there is something to take, or when the signal aborts. One caller at a time. */
  wait(signal: AbortSignal): Promise<void>;
}

export function makeTailBuffer(appId: string, limits: TailLimits, now: Clock): TailBuffer {
  let lines: ReadLine[] = [];
  /** Lines before this index were dropped; they are cut off now and then, so that a drop costs no shift of the array. */
  let head = 0;
  let characters = 0;
  let lost: LostLines | undefined;
  let wake: (() => void) | undefined;
  const dropOldest = () => {
    characters -= lines[head++]?.message.length ?? 0;
    lost = loseMore(lost, 1, now());
    if (head > 1024 && head * 2 > lines.length) {
      lines = lines.slice(head);
      head = 0;
    }
  };
  return {
    push(line) {
      lines.push(line);
      characters += line.message.length;
      while (lines.length - head > limits.lines || characters > limits.characters) dropOldest();
      wake?.();
    },
    take() {
      const taken = head > 0 ? lines.slice(head) : lines;
      if (lost) taken.unshift(tailOverflow(appId, lost, now()));
      lines = [];
      head = 0;
      characters = 0;
      lost = undefined;
      return taken;
    },
    async wait(signal) {
      if (lines.length > 0 || lost || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const end = () => {
          wake = undefined;
          signal.removeEventListener("abort", end);
          resolve();
        };
        wake = end;
        signal.addEventListener("abort", end, { once: true });
      });
    },
  };
}
