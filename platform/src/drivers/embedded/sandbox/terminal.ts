import { closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import { ReadStream } from "node:tty";

/** A pseudo-terminal: this process's side as a stream, the program's as a descriptor to close once the program has it. */
export interface Terminal {
  readonly master: ReadStream;
  /** Number of the master's descriptor, which children of this process would inherit. */
  readonly masterFd: number;
  readonly theirs: number;
  /** Path of the program's side. */
  readonly path: string;
}

interface PtyAddon {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

/** Opens a pseudo-terminal of that size. It has no session yet: the program takes it as its controlling terminal. */
export function openTerminal(size: { readonly columns: number; readonly rows: number }): Terminal {
  const { master, slave, pty } = loadAddon().open(size.columns, size.rows);
  // The add-on's descriptor does not block and would be inherited; a fresh one has neither fault.
  const theirs = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(slave);
  return { master: new ReadStream(master), masterFd: master, theirs, path: pty };
}

function loadAddon(): PtyAddon {
  const nodePty = createRequire(createRequire(import.meta.url).resolve("@lydell/node-pty"));
  return nodePty(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`) as PtyAddon;
}
