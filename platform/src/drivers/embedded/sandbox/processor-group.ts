import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CgroupPower, shareFiles } from "./cgroup-hierarchies.ts";

/** One sandbox's use of processors, and its place among those who want them. */
export interface ProcessorGroup {
  /** Where its processes may be, to be removed after its end; the second is there only once it was behind. */
  readonly folders: readonly string[];
  /** What its processes have used, in microseconds of one processor; 0 once it is gone. */
  usedMicros(): number;
  /** Has it come after all others that compete, or no longer. Never rejects. */
  setBehind(isBehind: boolean): Promise<void>;
}

/** A hierarchy's group of the sandbox, and the folder of all groups that come after others. */
interface HierarchyGroup {
  readonly version: 1 | 2;
  readonly powers: readonly CgroupPower[];
  readonly group: string;
  readonly background: string;
}

/** To 1 of the others: of a group that stays where it is, on a kernel without groups that wait for idle processors. */
const BEHIND_SHARE = 0.01;

/**
 * Undefined where processors are not shared out, or their use is not counted. Who comes after others moves below the
 * background's parent, which weighs less than all else. On version 2 memory is counted in the same group and would not move,
 * so that group stays and waits there for idle processors; what it takes is then still the dynos' common weight's.
 */
export function findProcessorGroup(
  groups: readonly HierarchyGroup[],
  id: string,
  share: number,
): ProcessorGroup | undefined {
  const [weighing, counting] = (["cpu", "cpuacct"] as const).map((power) =>
    groups.find(({ powers }) => powers.includes(power)),
  );
  if (!weighing || !counting) return undefined;
  const own = weighing.group;
  const behind = join(weighing.background, id);
  const moves = weighing.version === 1;
  const folders = [...new Set(moves ? [own, behind] : [own])];
  const counted = counting === weighing ? folders : [counting.group];
  return {
    folders,
    usedMicros: () => counted.reduce((sum, group) => sum + readUsed(counting.version, group), 0),
    setBehind: async (isBehind) => {
      const done = moves
        ? moveMembers({ own, behind, share }, isBehind)
        : writeAll(own, [["cpu.idle", isBehind ? "1" : "0"]]).catch(() =>
            writeAll(own, shareFiles(2, isBehind ? share * BEHIND_SHARE : share)),
          );
      await done.catch(() => {});
    },
  };
}

async function writeAll(
  group: string,
  files: readonly (readonly [file: string, value: string])[],
): Promise<void> {
  for (const [file, value] of files) await writeFile(join(group, file), value);
}

function readUsed(version: 1 | 2, group: string): number {
  try {
    if (version === 1) return Number(readFileSync(join(group, "cpuacct.usage"), "utf8")) / 1_000;
    const [, used] = /^usage_usec (\d+)$/m.exec(readFileSync(join(group, "cpu.stat"), "utf8")) ?? [];
    return Number(used ?? 0);
  } catch {
    return 0;
  }
}

/** A process that starts others meanwhile may leave some where they were: their turn is the next round, or the next look. */
const ROUNDS = 5;

async function moveMembers(
  { own, behind, share }: { readonly own: string; readonly behind: string; readonly share: number },
  isBehind: boolean,
): Promise<void> {
  await mkdir(behind, { recursive: true });
  await writeAll(behind, shareFiles(1, share));
  const [from, to] = isBehind ? [own, behind] : [behind, own];
  for (let round = 0; round < ROUNDS; round += 1) {
    const members = (await readFile(join(from, "cgroup.procs"), "utf8")).split("\n").filter(Boolean);
    if (members.length === 0) return;
    // One that has ended meanwhile cannot move.
    for (const member of members) await writeFile(join(to, "cgroup.procs"), member).catch(() => {});
  }
}
