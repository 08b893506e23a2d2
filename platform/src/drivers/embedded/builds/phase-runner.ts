import type { PhaseEnd } from "../../cnb/builds/index.ts";
import type { Sandbox, SandboxBind, Sandboxes, SandboxLimits } from "../sandbox/index.ts";

/** A phase program to run, with what it may see. */
export interface PhaseJob {
  /** Unique among what runs now. */
  readonly id: string;
  /** A folder that does not exist yet, for what the runner needs; it removes it. */
  readonly directory: string;
  readonly binds: readonly SandboxBind[];
  /** The root file system of a builder image, and the user it builds as; this machine's base when missing. */
  readonly root?: { readonly folder: string; readonly user: { readonly uid: number; readonly gid: number } };
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly limits: SandboxLimits;
  /** Runs as root of a user namespace, as `SandboxSpec.builder` says. */
  readonly asBuilder?: true;
  /** Standard output and standard error, in the order they were written. */
  readonly onOutput: (chunk: Buffer) => void;
}

/**
 * Runs phase programs, kept apart from everything else. An abort kills all processes of the phase; the promise
 * settles when none is left, aborted or not. It rejects only when the phase could not be run at all.
 */
export interface PhaseRunner {
  /** Who must own files that phases may change; missing when it is the user who runs Conifer. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The same for those that run as builders. */
  readonly builder?: { readonly uid: number; readonly gid: number };
  run(job: PhaseJob, signal: AbortSignal): Promise<PhaseEnd>;
  /** Removes what a killed process has left of phases whose `directory` lay in this folder. */
  removeRemains(parent: string): Promise<void>;
}

/** Runs phases in the sandbox that dynos run in, with `own` networks where the machine has them, or else the machine's. */
export function makeSandboxRunner(sandboxes: Sandboxes, network: "own" | "machine" = "machine"): PhaseRunner {
  return {
    ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
    ...(sandboxes.builder ? { builder: sandboxes.builder } : {}),
    removeRemains: (parent) => sandboxes.removeRemains(parent),
    async run(job, signal) {
      const { id, directory, binds, argv, env, cwd, limits, asBuilder, onOutput, root } = job;
      const sandbox = await sandboxes.start({
        ...{ id, directory, binds, env, cwd, limits },
        ...(asBuilder ? { builder: asBuilder } : {}),
        lowerDirs: root ? [root.folder] : [],
        ...(root ? { ownRoot: root.user } : {}),
        argv: ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...argv],
        stdin: "none",
        background: true,
        ...(network === "own" ? { network } : {}),
      });
      const kill = () => sandbox.kill();
      signal.addEventListener("abort", kill, { once: true });
      if (signal.aborted) kill();
      try {
        return await untilEnd(sandbox, onOutput);
      } finally {
        signal.removeEventListener("abort", kill);
        await sandbox.cleanUp();
      }
    },
  };
}

async function untilEnd(sandbox: Sandbox, onOutput: (chunk: Buffer) => void): Promise<PhaseEnd> {
  const { pipes } = sandbox;
  pipes?.stderr.resume();
  pipes?.stdout.on("data", onOutput);
  const drained = pipes && new Promise<void>((resolve) => pipes.stdout.once("close", () => resolve()));
  const { code } = await sandbox.exited;
  await drained;
  return { exitCode: code, outOfMemory: await sandbox.ranOutOfMemory() };
}
