import { randomUUID } from "node:crypto";
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { pause } from "../kernel/index.ts";

/** A process by its id and the moment it started, so that a process which took over the id is told apart. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since boot, from /proc. */
  readonly startTime: string;
}

/** What `run/supervisor.json` holds: who runs this home, and which processes it started. */
export interface InstanceRecord extends ProcessMark {
  /** Of the machine's boot: process ids of an earlier one mean nothing. */
  readonly boot: string;
  readonly children: Readonly<Record<string, ProcessMark>>;
}

/** Another instance lives in this home. */
export class HomeTaken extends Error {
  override readonly name = "HomeTaken";
}

/** The right to run in a home. */
export interface InstanceClaim {
  /** Remembers a child, so that the next start can end it should this supervisor not be able to. */
  record(role: string, pid: number): void;
  release(): void;
}

/** The mark of a living process, or undefined when there is none of this id. */
export function markProcess(pid: number): ProcessMark | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTime: stat.startTime };
}

/** What /proc tells of a process that has not ended; one that nobody has reaped yet has. */
function readStat(pid: number | string): { group: number; startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, group, startTime] = [fields[0], fields[2], fields[19]];
    return state === "Z" || state === "X" || !startTime ? undefined : { group: Number(group), startTime };
  } catch {
    return undefined;
  }
}

export function isAlive(mark: ProcessMark): boolean {
  return markProcess(mark.pid)?.startTime === mark.startTime;
}

/**
 * Takes the home for this process. Throws HomeTaken when a living instance has it; what a dead one left running is
 * ended first. The record appears whole and under its name in one step, so of two that start together one is refused.
 */
export async function claimHome(pidFile: string): Promise<InstanceClaim> {
  const self = markProcess(process.pid) ?? { pid: process.pid, startTime: "unknown" };
  const children: Record<string, ProcessMark> = {};
  const boot = bootId();
  const write = (to: string) =>
    writeFileSync(to, JSON.stringify({ ...self, boot, children } satisfies InstanceRecord), { mode: 0o600 });
  const fresh = `${pidFile}.${randomUUID()}`;
  write(fresh);
  try {
    while (!tryLink(fresh, pidFile)) await removeDead(pidFile);
  } finally {
    rmSync(fresh, { force: true });
  }
  return {
    record: (role, pid) => {
      const mark = markProcess(pid);
      if (mark) children[role] = mark;
      const next = `${pidFile}.next`;
      write(next);
      renameSync(next, pidFile);
    },
    release: () => rmSync(pidFile, { force: true }),
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  }
}

async function removeDead(pidFile: string): Promise<void> {
  const found = readRecord(pidFile);
  if (found && recordRuns(found)) {
    throw new HomeTaken(
      `Conifer already runs in this home, as process ${found.pid}. Stop that one, ` +
        "or set CONIFER_HOME to another folder (and other ports) for a second instance.",
    );
  }
  const aside = `${pidFile}.${randomUUID()}`;
  try {
    renameSync(pidFile, aside);
  } catch {
    return;
  }
  const moved = readRecord(aside);
  const dead = !moved || !recordRuns(moved);
  if (!dead) tryLink(aside, pidFile);
  rmSync(aside, { force: true });
  if (dead && moved) await endChildren(moved);
}

export function readRecord(pidFile: string): InstanceRecord | undefined {
  try {
    return JSON.parse(readFileSync(pidFile, "utf8")) as InstanceRecord;
  } catch {
    return undefined;
  }
}

/** Whether the supervisor that wrote the record lives. */
export function recordRuns(record: InstanceRecord): boolean {
  return record.boot === bootId() && isAlive(record);
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/**
 * Ends what a supervisor left behind where no parent-death signal reached it, with all of its process group. A group
 * keeps its number from being given away, so one whose leader is gone is still that leader's.
 */
async function endChildren(record: InstanceRecord): Promise<void> {
  if (record.boot !== bootId()) return;
  const left = Object.values(record.children).filter((mark) => isAlive(mark) || !markProcess(mark.pid));
  for (const { pid } of left) killGroup(pid);
  const deadline = Date.now() + END_MS;
  while (left.some(({ pid }) => groupLives(pid)) && Date.now() < deadline) await pause(10);
}

const END_MS = 5_000;

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
  } catch {
    return false;
  }
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && readStat(name)?.group === pid);
}

/** Kills a session leader and what still is in its process group. */
export function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // Nobody is left there.
    }
  }
}
