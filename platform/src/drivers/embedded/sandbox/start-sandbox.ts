import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureTree, removeTree } from "../../files/trees/index.ts";
import type { Cgroup } from "./cgroups.ts";
import { openForWriting } from "./pipe-stock.ts";
import { openEnds, SYSTEM_PATH, spawned, withoutTerminals } from "./program-ends.ts";
import { carryEnvironment } from "./program-environment.ts";
import { makeRunningSandbox, SET_UP_DONE } from "./running-sandbox.ts";
import type { Sandbox, SandboxSpec } from "./sandbox.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { type NetworkLease, sharedNetwork } from "./sandbox-network.ts";
import { checkGuest, checkLayer, commandLine, mountLines, withOwnRoot } from "./sandbox-plan.ts";
import { writeRecord } from "./sandbox-record.ts";
import { makeWritableLayer } from "./writable-layer.ts";

/** As `Sandboxes.start`. */
export async function startSandbox(shared: SandboxEngine, spec: SandboxSpec): Promise<Sandbox> {
  const env = carryEnvironment(spec.env);
  const engine = spec.ownRoot ? await engineWithOwnRoot(shared, spec.id, spec.ownRoot) : shared;
  if (spec.guest) checkGuest(engine.machine, spec.guest);
  for (const layer of spec.ownRoot ? [] : spec.lowerDirs) {
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
    const cgroup = await engine.cgroups.make(spec.id, spec.limits, spec.background);
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

async function engineWithOwnRoot(
  engine: SandboxEngine,
  id: string,
  user: NonNullable<SandboxSpec["ownRoot"]>,
): Promise<SandboxEngine> {
  if (!engine.machine.overlay)
    throw new Error(
      `The sandbox ${id} cannot be started: an image with a root file system of its own needs overlays. ` +
        "Put CONIFER_HOME on a file system that can hold them, such as ext4 or xfs.",
    );
  return { ...engine, machine: withOwnRoot(engine.machine, await engine.ownRootTools(), user) };
}

interface Prepared {
  readonly env: Record<string, string>;
  readonly lease: NetworkLease;
  readonly cgroup: Cgroup;
  readonly undo: readonly (() => Promise<void>)[];
}

/** What stands for the weight of the background where groups have none. */
const NICED = ["nice", "-n", "10"];

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
    const line = commandLine({ machine, spec, mounts, ownNetwork: prepared.lease.setUp !== "" });
    const [command = "", ...args] =
      spec.background && !cgroups.powers.has("cpu") ? [...NICED, ...line] : line;
    const env = {
      PATH: SYSTEM_PATH,
      LC_ALL: "C",
      CONIFER_CGROUPS: prepared.cgroup.joinNow.join(" "),
      CONIFER_CGROUPS_SLOW: prepared.cgroup.joinSlowly.join(" "),
      CONIFER_NETWORK: prepared.lease.setUp,
      CONIFER_PIDS: cgroups.powers.has("pids") ? "" : String(spec.limits.pids),
      CONIFER_CWD: spec.guest ? "/" : spec.cwd,
      CONIFER_SET_UP_DONE: SET_UP_DONE,
      CONIFER_UMOUNT: (machine.tools?.call("umount") ?? ["umount"]).join(" "),
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
    written: (most) => measureTree(spec.directory, most),
    child,
    control: control.ours,
    complaints: complaintsFile,
    ...(ends.pipes ? { pipes: ends.pipes } : {}),
    ...(ends.terminal ? { terminal: ends.terminal } : {}),
    cgroup: prepared.cgroup,
    powers: cgroups.powers,
    lease: prepared.lease,
    undo: prepared.undo,
    engine,
    limits: spec.limits,
  });
}
