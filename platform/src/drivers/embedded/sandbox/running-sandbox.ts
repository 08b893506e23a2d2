import type { ChildProcess } from "node:child_process";
import { closeSync, readFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { pause } from "../../../kernel/index.ts";
import type { CgroupPower } from "./cgroup-hierarchies.ts";
import type { Cgroup } from "./cgroups.ts";
import { enterSandbox } from "./enter-sandbox.ts";
import { INIT_PATH } from "./host-base.ts";
import {
  argumentsOf,
  childrenOf,
  isBeingKilled,
  processTree,
  proportionalBytes,
  startTimeOf,
} from "./process-tree.ts";
import { guardMemory } from "./sampled-memory.ts";
import type { EnteredProgram, EnteringProgram, Sandbox, SandboxExit, SandboxLimits } from "./sandbox.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import type { NetworkLease } from "./sandbox-network.ts";
import { OWN_INIT_PATH, TOOLS_FOLDER } from "./sandbox-scripts.ts";
import { type Living, makeSights, residentOf } from "./sandbox-sights.ts";

export interface RunningParts extends Pick<Sandbox, "id" | "pipes" | "terminal" | "written"> {
  readonly child: ChildProcess;
  /** Descriptor on which the listener inside takes names of signals. */
  readonly control: number;
  /** File with what the set-up complained of. */
  readonly complaints: string;
  readonly cgroup: Cgroup;
  readonly powers: ReadonlySet<CgroupPower>;
  readonly lease: NetworkLease;
  /** What `cleanUp` does after the end, last first. */
  readonly undo: readonly (() => Promise<void>)[];
  readonly engine: SandboxEngine;
  readonly limits: SandboxLimits;
}

/** The handle on a sandbox whose processes exist. */
export function makeRunningSandbox(parts: RunningParts): Sandbox {
  const { child, cgroup } = parts;
  const pid = child.pid as number;
  let ended = false;
  let frozen = false;
  let killed = false;
  let init: { pid: number; startTime: string | undefined } | undefined;
  const initPid = () => {
    if (!init && !ended) {
      const found = childrenOf(pid)?.[0];
      if (found !== undefined) init = { pid: found, startTime: startTimeOf(found) };
    }
    return init?.pid;
  };
  const exited = new Promise<SandboxExit>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = true;
      // Was the outermost process killed, the kernel may still be ending the others.
      void (async () => {
        while (init?.startTime && startTimeOf(init.pid) === init.startTime) await pause(2);
        closeSync(parts.control);
        resolve(killed && code === 1 ? KILLED : exitOf(code, signal, complaintsIn(parts.complaints)));
      })();
    });
  });
  const setFrozen = async (wanted: boolean) => {
    if (ended || frozen === wanted) return;
    cgroup.setFrozen(wanted, wanted ? processTree(pid).slice(1) : []);
    frozen = wanted;
  };
  const kill = () => {
    if (ended) return;
    killed = true;
    if (frozen) cgroup.setFrozen(false, []);
    sendQuietly(initPid() ?? pid, "SIGKILL");
  };
  const guard = parts.powers.has("memory")
    ? undefined
    : guardMemory({
        limitBytes: parts.limits.memoryBytes,
        residentBytes: () => (ended ? 0 : residentOf(pid)),
        ownBytes: () => processTree(pid).reduce((sum, member) => sum + proportionalBytes(member), 0),
        kill,
      });
  void exited.then(() => guard?.stop());
  let cleaning: Promise<void> | undefined;
  const cleanUp = async () => {
    kill();
    await exited;
    parts.terminal?.destroy();
    for (const step of parts.undo.toReversed()) await step();
  };
  return {
    id: parts.id,
    pid,
    ...(parts.pipes ? { pipes: parts.pipes } : {}),
    ...(parts.terminal ? { terminal: parts.terminal } : {}),
    exited,
    signal: (name) => {
      if (ended) return;
      if (name === "SIGKILL") return kill();
      writeSync(parts.control, `${name.slice(3)}\n`);
      const inside = initPid();
      if (inside === undefined || hasListener(inside)) return;
      // The program killed the listener. Its processes are found from outside, one at a time.
      for (const member of processTree(inside).slice(1)) sendQuietly(member, name);
    },
    kill,
    enter: (program) => enterOnceBuilt(parts, program, { pid, initPid, hasEnded: () => ended || killed }),
    freeze: () => setFrozen(true),
    thaw: () => setFrozen(false),
    ...makeSights(parts, { pid, initPid, hasEnded: () => ended }),
    ranOutOfMemory: async () => guard?.exceeded() ?? (await cgroup.ranOutOfMemory()),
    cleanUp: () => {
      cleaning ??= cleanUp();
      return cleaning;
    },
  };
}

/** Until its own process 1 runs there, the namespaces show this machine's files. */
async function enterOnceBuilt(
  parts: RunningParts,
  program: EnteringProgram,
  { pid, initPid, hasEnded }: Living,
): Promise<EnteredProgram> {
  const deadline = performance.now() + BUILT_WITHIN_MS;
  while (!hasEnded() && !isInit(initPid()) && performance.now() < deadline) await pause(2);
  const init = initPid();
  if (hasEnded() || init === undefined || !isInit(init)) throw new Error("the sandbox is not there");
  const ownNetwork = parts.lease.setUp !== "";
  return await enterSandbox(parts.engine, { ...parts, program, pids: { outer: pid, init }, ownNetwork });
}

const BUILT_WITHIN_MS = 10_000;

/** Process 1 is ours from the moment its set-up is complete; no program can make another look like it. */
function isInit(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  const [loader = "", first, , , fifth] = argumentsOf(pid);
  // A shell of this machine in an image's root comes with its loader before it, unless it needs none.
  const isOwnRoot = loader.startsWith(`${TOOLS_FOLDER}/`);
  return isOwnRoot ? first === OWN_INIT_PATH || fifth === OWN_INIT_PATH : first === INIT_PATH;
}

/** False only when process 1 runs without its listener; before it runs, the listener is still to come. */
function hasListener(init: number): boolean {
  return !isInit(init) || (childrenOf(init) ?? []).some((child) => isInit(child) && !isBeingKilled(child));
}

const KILLED: SandboxExit = { code: 137, signal: "SIGKILL" };

/** What the set-up writes behind its complaints when it has succeeded. */
export const SET_UP_DONE = "conifer: set up";

/**
 * What the end of the outermost process tells. `complaints` holds what the set-up and, behind its mark, the outermost
 * process complained of: util-linux unshare cannot pass SIGKILL on, complains and ends with 1 instead.
 */
export function exitOf(code: number | null, signal: NodeJS.Signals | null, complaints: string): SandboxExit {
  if (code === null) {
    const name = signal ?? "SIGKILL";
    return { code: 128 + constants.signals[name], signal: name };
  }
  const [before = "", after] = complaints.split(`${SET_UP_DONE}\n`);
  if (after === undefined) {
    const why = before.trim() || `its set-up ended with status ${code}`;
    return { code: code === 0 ? 1 : code, setUpError: why };
  }
  return code === 1 && after.startsWith("unshare: ") ? KILLED : { code };
}

function complaintsIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function sendQuietly(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
