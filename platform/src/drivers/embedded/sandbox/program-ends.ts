import type { ChildProcess } from "node:child_process";
import { openReader, openWriter } from "./pipe-stock.ts";
import type { Sandbox, SandboxSpec } from "./sandbox.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { openTerminal } from "./terminal.ts";

/** Where the programs lie that build sandboxes, on this machine and in them. */
export const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Resolves once the child exists. */
export async function spawned(child: ChildProcess): Promise<ChildProcess> {
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  return child;
}

/** Both sides of a program's standard streams. */
export interface Ends extends Pick<Sandbox, "pipes" | "terminal"> {
  /** Descriptors to close once the program has them. */
  readonly theirs: readonly (number | "ignore")[];
  readonly terminalPath?: string;
  destroy(): void;
}

export async function openEnds(
  engine: Pick<SandboxEngine, "pipes" | "terminals">,
  wanted: Pick<SandboxSpec, "terminal" | "stdin">,
): Promise<Ends> {
  if (wanted.terminal) {
    const { master, masterFd, theirs, path } = openTerminal(wanted.terminal);
    engine.terminals.add(masterFd);
    master.once("close", () => engine.terminals.delete(masterFd));
    // A terminal whose other side is gone reads as an error; to its reader that is the end.
    master.on("error", () => master.destroy());
    const destroy = () => master.destroy();
    return { terminal: master, theirs: [theirs, theirs, theirs], terminalPath: path, destroy };
  }
  const out = openReader(await engine.pipes.take());
  const err = openReader(await engine.pipes.take());
  const input = wanted.stdin === "pipe" ? openWriter(await engine.pipes.take()) : undefined;
  // The program may close its input at any time; that concerns nobody here.
  input?.ours.on("error", () => {});
  return {
    pipes: { stdout: out.ours, stderr: err.ours, ...(input ? { stdin: input.ours } : {}) },
    theirs: [input?.theirs ?? "ignore", out.theirs, err.theirs],
    destroy: () => {
      for (const end of [out, err, input]) end?.ours.destroy();
    },
  };
}

/** Covers the masters of open terminals with `/dev/null`, so that no program gets hold of another's terminal. */
export function withoutTerminals(
  theirs: readonly (number | "ignore")[],
  terminals: ReadonlySet<number>,
  nothing: number,
): (number | "ignore")[] {
  const stdio = [...theirs];
  for (let fd = stdio.length; fd <= Math.max(0, ...terminals); fd++)
    stdio[fd] = terminals.has(fd) ? nothing : "ignore";
  return stdio;
}
