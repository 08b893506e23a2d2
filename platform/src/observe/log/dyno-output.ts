import type { Clock, LogSink } from "../../kernel/index.ts";
import type { BudgetedLogSink } from "./log-ports.ts";
import { cutBefore, MESSAGE_BYTES } from "./split-message.ts";

export interface DynoOutputOptions {
  readonly appId: string;
  /** The dyno's name, such as `web.1`. */
  readonly process: string;
  readonly sink: LogSink | BudgetedLogSink;
  readonly now: Clock;
}

/** Takes what a process writes to a pipe, in chunks cut anywhere. */
export interface DynoOutput {
  write(chunk: Buffer): void;
  /** The pipe has ended: what stands behind the last line break is a line too. */
  end(): void;
}

const NEWLINE = 10;

/**
 * Makes lines of source `app` out of a pipe's bytes. Use one for each pipe. Holds at most one message's worth of an
 * unfinished line; a longer one is passed on in pieces that cut no character. Never blocks and never throws; bytes of
 * a process over its budget are counted by the line and not looked at further.
 */
export function makeDynoOutput({ appId, process, sink, now }: DynoOutputOptions): DynoOutput {
  let rest: Buffer = Buffer.alloc(0);
  const budget = "hasRoom" in sink ? sink : undefined;
  const put = (message: string, time: Date) => sink.write({ appId, time, source: "app", process, message });
  const putLong = (bytes: Buffer, time: Date): Buffer => {
    let start = 0;
    while (bytes.length - start > MESSAGE_BYTES) {
      const end = cutBefore(bytes, start, MESSAGE_BYTES);
      put(bytes.toString("utf8", start, end), time);
      start = end;
    }
    return bytes.subarray(start);
  };
  const drop = (chunk: Buffer, last: number) => {
    budget?.countDropped(appId, process, countNewlines(chunk));
    rest = Buffer.from(putLong(chunk.subarray(last + 1), now()));
  };
  return {
    write(chunk) {
      const last = chunk.lastIndexOf(NEWLINE);
      if (last >= 0 && budget?.hasRoom(appId, process) === false) return drop(chunk, last);
      const time = now();
      if (last < 0) {
        rest = Buffer.from(putLong(Buffer.concat([rest, chunk]), time));
        return;
      }
      const whole = chunk.subarray(0, last);
      const text = (rest.length > 0 ? Buffer.concat([rest, whole]) : whole).toString("utf8");
      for (const line of text.split("\n")) put(line, time);
      rest = Buffer.from(putLong(chunk.subarray(last + 1), time));
    },
    end() {
      if (rest.length > 0) put(rest.toString("utf8"), now());
      rest = Buffer.alloc(0);
    },
  };
}

function countNewlines(chunk: Buffer): number {
  let count = 0;
  for (const byte of chunk) if (byte === NEWLINE) count++;
  return count;
}
