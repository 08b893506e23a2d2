import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { pause } from "../../../kernel/index.ts";
import type { Cgroup } from "./cgroups.ts";
import { childrenOf, processTree, sessionOf } from "./process-tree.ts";
import { openEnds, SYSTEM_PATH, spawned, withoutTerminals } from "./program-ends.ts";
import { carryEnvironment } from "./program-environment.ts";
import type { EnteredProgram, EnteringProgram, SandboxLimits } from "./sandbox.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { type EnteringOptions, enteringCommand, guestArgv } from "./sandbox-plan.ts";

export interface EnterSandbox extends Pick<EnteringOptions, "pids" | "ownNetwork"> {
  readonly program: EnteringProgram;
  readonly cgroup: Cgroup;
  readonly limits: SandboxLimits;
}

/** As `Sandbox.enter`. */
export async function enterSandbox(engine: SandboxEngine, options: EnterSandbox): Promise<EnteredProgram> {
  const { program, pids } = options;
  const environment = carryEnvironment(program.env);
  const ends = await openEnds(engine, { ...program, stdin: "pipe" });
  const nothing = openSync("/dev/null", "r+");
  let child: ChildProcess;
  try {
    const [command = "", ...args] = enteringCommand({
      ...options,
      machine: engine.machine,
      argv: guestArgv(engine.machine, program),
      filtered: program.guest ? "guest" : "program",
    });
    const env = {
      PATH: SYSTEM_PATH,
      LC_ALL: "C",
      CONIFER_CGROUPS: [...options.cgroup.joinNow, ...options.cgroup.joinSlowly].join(" "),
      CONIFER_PIDS: engine.cgroups.powers.has("pids") ? "" : String(options.limits.pids),
      CONIFER_CWD: program.guest ? "/" : program.cwd,
      CONIFER_TERMINAL: program.terminal ? "yes" : "",
      ...environment,
    };
    const stdio = withoutTerminals(ends.theirs, engine.terminals, nothing);
    child = await spawned(spawn(command, args, { cwd: engine.machine.home, env, stdio, detached: true }));
  } catch (cause) {
    ends.destroy();
    throw cause;
  } finally {
    for (const fd of new Set([...ends.theirs, nothing])) if (typeof fd === "number") closeSync(fd);
  }
  const outer = child.pid as number;
  const exited = new Promise<number>((resolve) =>
    child.once("exit", (code, signal) => resolve(statusOf(code, signal))),
  );
  const leader = await findLeader(outer, exited);
  return {
    ...(ends.pipes ? { pipes: ends.pipes } : {}),
    ...(ends.terminal ? { terminal: ends.terminal } : {}),
    exited,
    signal: (name) => {
      for (const member of leader === undefined ? [] : membersOf(leader, [pids.init, outer]))
        sendQuietly(member, name);
    },
  };
}

/** The program, as the child of what waits for it outside; undefined when there was none. */
async function findLeader(outer: number, exited: Promise<unknown>): Promise<number | undefined> {
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  for (;;) {
    const found = childrenOf(outer)?.[0];
    if (found !== undefined || isOver) return found;
    await pause(1);
  }
}

/** Processes of the program's session, and itself before it has begun one. */
function membersOf(leader: number, roots: readonly number[]): number[] {
  const all = new Set(roots.flatMap(processTree));
  return [...all].filter((pid) => pid === leader || sessionOf(pid) === leader);
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal ?? "SIGKILL"];
}

function sendQuietly(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
