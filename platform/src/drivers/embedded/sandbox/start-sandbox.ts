import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../../files/trees/index.ts";
import type { Cgroup, Cgroups } from "./cgroups.ts";
import { openForWriting, openReader, openWriter, type PipeStock } from "./pipe-stock.ts";
import { carryEnvironment } from "./program-environment.ts";
import { makeRunningSandbox, SET_UP_DONE } from "./running-sandbox.ts";
import type { Sandbox, SandboxSpec } from "./sandbox.ts";
import { type NetworkLease, type SandboxNetwork, sharedNetwork } from "./sandbox-network.ts";
import { checkLayer, commandLine, type Machine, mountLines } from "./sandbox-plan.ts";
import { writeRecord } from "./sandbox-record.ts";
import { openTerminal } from "./terminal.ts";
import { makeWritableLayer } from "./writable-layer.ts";

/** What starting a sandbox needs. */
export interface SandboxEngine {
  readonly machine: Machine;
  readonly cgroups: Cgroups;
  /** For sandboxes that want a network of their own. */
  readonly network: SandboxNetwork;
  readonly pipes: PipeStock;
  /** Masters of open terminals, which every child of this process would inherit. */
  readonly terminals: Set<number>;
  /** Layers that were found to fit: layers never change. */
  readonly checkedLayers: Set<string>;
}

/** As `Sandboxes.start`. */
export async function startSandbox(engine: SandboxEngine, spec: SandboxSpec): Promise<Sandbox> {
  const env = carryEnvironment(spec.env);
  for (const layer of spec.lowerDirs) {
    if (!engine.checkedLayers.has(layer)) checkLayer(layer);
    engine.checkedLayers.add(layer);
  }
  if (!/^[A-Za-z0-9-]{1,63}$/.test(spec.id)) throw new Error(`"${spec.id}" cannot name a sandbox`);
  const undo: (() => Promise<void>)[] = [() => removeTree(spec.directory)];
  try {
    const network = spec.network === "own" ? engine.network : sharedNetwork;
    const lease = await network.lease(spec.id);
    undo.push(lease.release);
    await makeWritableLayer(engine.machine, spec, lease.resolvConf);
    const cgroup = await engine.cgroups.make(spec.id, spec.limits);
    undo.push(cgroup.remove);
    writeRecord(spec.directory, undefined, cgroup.folders);
    return await launch(engine, spec, { env, lease, cgroup, undo });
  } catch (cause) {
    for (const step of undo.toReversed()) await step().catch(() => {});
    throw new Error(
      `The sandbox ${spec.id} cannot be started: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
}

interface Prepared {
  readonly env: Record<string, string>;
  readonly lease: NetworkLease;
  readonly cgroup: Cgroup;
  readonly undo: readonly (() => Promise<void>)[];
}

async function launch(engine: SandboxEngine, spec: SandboxSpec, prepared: Prepared): Promise<Sandbox> {
  const { machine, cgroups } = engine;
  const ends = await openEnds(engine, spec);
  const control = openForWriting(await engine.pipes.take());
  const mounts = join(spec.directory, "mounts");
  const complaintsFile = join(spec.directory, "set-up.log");
  const nothing = openSync("/dev/null", "r+");
  const complaints = openSync(complaintsFile, "w", 0o600);
  const [input = "ignore", output = "ignore", error = "ignore"] = ends.theirs;
  const theirs = [input, output, complaints, control.theirs, error];
  let child: ChildProcess;
  try {
    writeFileSync(mounts, mountLines(machine, spec, ends.terminalPath));
    const [command = "", ...args] = commandLine({
      machine,
      spec,
      mounts,
      ownNetwork: prepared.lease.setUp !== "",
    });
    const env = {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C",
      CONIFER_CGROUPS: prepared.cgroup.joinNow.join(" "),
      CONIFER_CGROUPS_SLOW: prepared.cgroup.joinSlowly.join(" "),
      CONIFER_NETWORK: prepared.lease.setUp,
      CONIFER_PIDS: cgroups.powers.has("pids") ? "" : String(spec.limits.pids),
      CONIFER_CWD: spec.cwd,
      CONIFER_SET_UP_DONE: SET_UP_DONE,
      CONIFER_TERMINAL: spec.terminal ? "yes" : "",
      ...prepared.env,
    };
    const stdio = withoutTerminals(theirs, engine.terminals, nothing);
    child = await spawned(spawn(command, args, { cwd: machine.home, env, stdio, detached: true }));
  } catch (cause) {
    closeSync(control.ours);
    ends.destroy();
    throw cause;
  } finally {
    for (const fd of new Set([...theirs, nothing])) if (typeof fd === "number") closeSync(fd);
  }
  writeRecord(spec.directory, child.pid, prepared.cgroup.folders);
  return makeRunningSandbox({
    id: spec.id,
    child,
    control: control.ours,
    complaints: complaintsFile,
    ...(ends.pipes ? { pipes: ends.pipes } : {}),
    ...(ends.terminal ? { terminal: ends.terminal } : {}),
    cgroup: prepared.cgroup,
    powers: cgroups.powers,
    lease: prepared.lease,
    undo: prepared.undo,
  });
}

async function spawned(child: ChildProcess): Promise<ChildProcess> {
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  return child;
}

interface Ends extends Pick<Sandbox, "pipes" | "terminal"> {
  readonly theirs: readonly (number | "ignore")[];
  readonly terminalPath?: string;
  destroy(): void;
}

async function openEnds(engine: SandboxEngine, spec: SandboxSpec): Promise<Ends> {
  if (spec.terminal) {
    const { master, masterFd, theirs, path } = openTerminal(spec.terminal);
    engine.terminals.add(masterFd);
    master.once("close", () => engine.terminals.delete(masterFd));
    // A terminal whose other side is gone reads as an error; to its reader that is the end.
    master.on("error", () => master.destroy());
    const destroy = () => master.destroy();
    return { terminal: master, theirs: [theirs, theirs, theirs], terminalPath: path, destroy };
  }
  const out = openReader(await engine.pipes.take());
  const err = openReader(await engine.pipes.take());
  const input = spec.stdin === "pipe" ? openWriter(await engine.pipes.take()) : undefined;
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
function withoutTerminals(
  theirs: readonly (number | "ignore")[],
  terminals: ReadonlySet<number>,
  nothing: number,
): (number | "ignore")[] {
  const stdio = [...theirs];
  for (let fd = stdio.length; fd <= Math.max(0, ...terminals); fd++)
    stdio[fd] = terminals.has(fd) ? nothing : "ignore";
  return stdio;
}
