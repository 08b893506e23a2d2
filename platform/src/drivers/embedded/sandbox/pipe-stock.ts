import { execFile } from "node:child_process";
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { removeTree } from "../../files/trees/index.ts";

/**
 * Named pipes, made in advance. Node gives its children sockets, and a program that opens `/dev/stdout` or
 * `/dev/stdin` cannot open a socket; a named pipe it can. Each is used once and its name removed at once.
 */
export interface PipeStock {
  take(): Promise<string>;
}

const STOCK = 32;
const LOW = 12;
const run = promisify(execFile);

/** Keeps the stock in `directory`, which it makes anew, readable by this user only. */
export async function makePipeStock(directory: string): Promise<PipeStock> {
  await removeTree(directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ready: string[] = [];
  let made = 0;
  let refilling: Promise<void> | undefined;
  const refill = async () => {
    const names = Array.from({ length: STOCK }, () => join(directory, String(made++)));
    // The program's user must be able to open the pipe again by its descriptor.
    await run("mkfifo", ["-m", "0666", "--", ...names]);
    ready.push(...names);
  };
  const refillOnce = () => {
    refilling ??= refill().finally(() => {
      refilling = undefined;
    });
    return refilling;
  };
  await refillOnce();
  return {
    take: async () => {
      while (ready.length === 0) await refillOnce();
      // A failed refill shows when the stock is empty, to the caller who needs it.
      if (ready.length < LOW) refillOnce().catch(() => {});
      return ready.pop() as string;
    },
  };
}

/** One pipe: this process's end as a stream, the program's as a descriptor to close once the program has it. */
export interface PipeEnds {
  readonly ours: Socket;
  readonly theirs: number;
}

/** A pipe that the program writes and this process reads. */
export function openReader(path: string): PipeEnds {
  const ours = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const theirs = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return { ours: new Socket({ fd: ours, readable: true, writable: false }), theirs };
}

/** A pipe that this process writes and the program reads. */
export function openWriter(path: string): PipeEnds {
  const { ours, theirs } = openForWriting(path);
  return { ours: new Socket({ fd: ours, readable: false, writable: true }), theirs };
}

/** As `openWriter`, with this process's end as a bare descriptor that never blocks. */
export function openForWriting(path: string): { readonly ours: number; readonly theirs: number } {
  // A pipe opens for writing only while somebody reads it, and the program's end must be one that blocks.
  const holding = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const ours = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const theirs = openSync(path, constants.O_RDONLY);
  closeSync(holding);
  unlinkSync(path);
  return { ours, theirs };
}
