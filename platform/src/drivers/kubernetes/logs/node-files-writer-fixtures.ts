import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Writes a container's output as the container runtime does, and treats its files as the kubelet does. */
export interface NodeFilesWriter {
  /** One line, in entries of at most so many bytes. */
  line(text: string, pipe?: "stdout" | "stderr"): void;
  /** Puts the file aside, as the kubelet does; the runtime may write to it until it is told. */
  putAside(): void;
  /** The runtime begins a new file. */
  reopen(): void;
  /** Compresses what was put aside but for the newest file, and removes the oldest beyond `keep`. */
  tidy(keep?: number): void;
  close(): void;
}

export interface NodeFilesOptions {
  readonly folder: string;
  readonly run?: number;
  readonly entryBytes?: number;
  /** Nanoseconds since the epoch; grows. */
  readonly nanos?: () => bigint;
}

export function writeNodeFiles(options: NodeFilesOptions): NodeFilesWriter {
  const { folder, run = 0, entryBytes = 16_384, nanos = makeNanos() } = options;
  const name = `${run}.log`;
  const open = () => openSync(join(folder, name), "a");
  let handle = open();
  let moment = 0;
  return {
    line(text, pipe = "stdout") {
      const bytes = Buffer.from(text);
      for (let start = 0; start === 0 || start < bytes.length; start += entryBytes) {
        const tag = start + entryBytes < bytes.length ? "P" : "F";
        const content = bytes.subarray(start, start + entryBytes);
        writeSync(
          handle,
          Buffer.concat([Buffer.from(`${stampOf(nanos())} ${pipe} ${tag} `), content, NEWLINE]),
        );
      }
    },
    putAside() {
      moment++;
      renameSync(join(folder, name), join(folder, `${name}.20261121-${String(moment).padStart(6, "0")}`));
    },
    reopen() {
      closeSync(handle);
      handle = open();
    },
    tidy(keep = 4) {
      const aside = readdirSync(folder)
        .filter((each) => each.startsWith(`${name}.`) && !each.endsWith(".tmp"))
        .sort();
      for (const oldest of aside.splice(0, Math.max(0, aside.length - keep))) rmSync(join(folder, oldest));
      for (const each of aside.slice(0, -1).filter((found) => !found.endsWith(".gz"))) {
        const file = join(folder, each);
        writeFileSync(`${file}.tmp`, gzipSync(readFileSync(file)));
        renameSync(`${file}.tmp`, `${file}.gz`);
        rmSync(file);
      }
    },
    close: () => closeSync(handle),
  };
}

const NEWLINE = Buffer.from("\n");

/** RFC 3339 with nanoseconds, without zeros at the end, as the runtime writes it. */
export function stampOf(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${seconds}${fraction ? `.${fraction}` : ""}Z`;
}

function makeNanos(): () => bigint {
  let last = 0n;
  return () => {
    const now = BigInt(Date.now()) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return last;
  };
}
