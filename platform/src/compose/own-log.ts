import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync, write } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Clock, pause } from "../kernel/index.ts";
import { makeLogLineReader } from "./own-log-lines.ts";

/** How much of a process's log is kept. */
export interface LogBounds {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Files, the newest included: `<name>.log`, `<name>.log.1`, and so on. */
  readonly files: number;
}

export interface OwnLogOptions extends LogBounds {
  readonly path: string;
  /** Whose log it is. */
  readonly role: string;
  readonly now: Clock;
  /** Bytes that may wait for the disk. Default 1 MiB. */
  readonly waitingBytes?: number;
}

/** The log of one of our processes: lines of JSON in files of bounded size and number. */
export interface OwnLog {
  /** Takes what the process wrote, in pieces as they come. Never waits and never throws. */
  write(text: string): void;
  /** The last that was written, as it came, for a message about why a process ended. */
  tail(): string;
  /** Resolves when all that was given is in the files, or lost. */
  flushed(): Promise<void>;
  /** Writes what waits; gives up after two seconds. */
  close(): Promise<void>;
}

const TAIL_CHARACTERS = 4_000;
const WAITING_BYTES = 1024 * 1024;
const CLOSE_MS = 2_000;
const BATCH_BYTES = 64 * 1024;
const writeTo = promisify(write) as (fd: number, bytes: Buffer) => Promise<{ bytesWritten: number }>;

/**
 * Opens the log for appending, for this user only; throws when it cannot. A disk that is full or slow costs lines, never
 * the process that writes them: they are counted, and the log says how many as soon as it can.
 */
export function openOwnLog(options: OwnLogOptions): OwnLog {
  const files = new LogFiles(options);
  const { role, now, waitingBytes = WAITING_BYTES } = options;
  const asLine = (level: string, message: string, fields: object) =>
    `${JSON.stringify({ time: now().toISOString(), level, role, message, ...fields })}\n`;
  const lines = makeLogLineReader((text) => asLine("info", "output", { text }));
  const waiting: Buffer[] = [];
  let bytes = 0;
  let lost = 0;
  let tail = "";
  let closed = false;
  let pumping: Promise<void> | undefined;

  const pump = async () => {
    while (waiting.length > 0) {
      const batch = takeBatch(waiting, Math.min(BATCH_BYTES, options.fileBytes));
      const chunk = Buffer.concat(batch);
      bytes -= chunk.length;
      if (!(await files.append(chunk))) lost += batch.length;
      else if (lost > 0 && (await files.append(lostLine(lost)))) lost = 0;
    }
  };
  const lostLine = (count: number) =>
    Buffer.from(asLine("warn", "lines of this log were lost", { lost: count }));
  const take = (line: string) => {
    const chunk = Buffer.from(line);
    if (bytes + chunk.length > waitingBytes) {
      lost += 1;
      return;
    }
    waiting.push(chunk);
    bytes += chunk.length;
    pumping ??= pump().finally(() => {
      pumping = undefined;
    });
  };
  return {
    write: (text) => {
      tail = (tail + text).slice(-TAIL_CHARACTERS);
      if (!closed) for (const line of lines.take(text)) take(line);
    },
    tail: () => tail,
    flushed: async () => await pumping,
    close: async () => {
      if (closed) return;
      for (const line of lines.rest()) take(line);
      closed = true;
      await Promise.race([pumping, pause(CLOSE_MS)]);
      files.close();
    },
  };
}

/** Lines from the front that are to be written at once: at least one. */
function takeBatch(waiting: Buffer[], mostBytes: number): Buffer[] {
  let bytes = 0;
  const end = waiting.findIndex((line, at) => {
    bytes += line.length;
    return at > 0 && bytes > mostBytes;
  });
  return waiting.splice(0, end < 0 ? waiting.length : end);
}

/** The files: one that is written, and those before it. */
class LogFiles {
  readonly #options: OwnLogOptions;
  #file: number;
  #size: number;
  /** The last write did not end its line. */
  #torn: boolean;

  constructor(options: OwnLogOptions) {
    this.#options = options;
    removeBeyond(options);
    this.#file = openSync(options.path, "a+", 0o600);
    this.#size = fstatSync(this.#file).size;
    this.#torn = this.#size > 0 && lastByte(this.#file, this.#size) !== NEWLINE;
  }

  /** Whether the lines are in the file. */
  async append(lines: Buffer): Promise<boolean> {
    try {
      const whole = this.#torn ? Buffer.concat([Buffer.of(NEWLINE), lines]) : lines;
      if (this.#size > 0 && this.#size + whole.length > this.#options.fileBytes) this.#begin();
      const { bytesWritten } = await writeTo(this.#file, whole);
      this.#size += bytesWritten;
      if (bytesWritten > 0) this.#torn = bytesWritten < whole.length;
      return bytesWritten === whole.length;
    } catch {
      return false;
    }
  }

  close(): void {
    try {
      closeSync(this.#file);
    } catch {
      // A write that never returned may still hold it; the process is about to end.
    }
  }

  /** Each file gets the next number, the last one goes, and a new one is begun. */
  #begin(): void {
    const { path, files } = this.#options;
    for (let number = files - 1; number >= 1; number -= 1) {
      const from = number === 1 ? path : `${path}.${number - 1}`;
      renameIfThere(from, `${path}.${number}`);
    }
    if (files === 1) rmSync(path, { force: true });
    const next = openSync(path, "a+", 0o600);
    closeSync(this.#file);
    this.#file = next;
    this.#size = fstatSync(next).size;
    this.#torn = false;
  }
}

const NEWLINE = 0x0a;

function lastByte(file: number, size: number): number | undefined {
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, size - 1);
  return byte[0];
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
}

/** Files of a time when more were kept. */
function removeBeyond({ path, files }: OwnLogOptions): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const found of readdirSync(folder)) {
    const [, number] = found.startsWith(`${name}.`) ? (/^\.(\d+)$/.exec(found.slice(name.length)) ?? []) : [];
    if (number !== undefined && Number(number) >= files) rmSync(join(folder, found), { force: true });
  }
}
