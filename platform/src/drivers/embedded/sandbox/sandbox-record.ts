import { writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../../kernel/index.ts";
import { removeTree } from "../../files/trees/index.ts";
import { removeCgroup } from "./cgroups.ts";
import { processTree, startTimeOf } from "./process-tree.ts";

/** What a sandbox's folder tells about it to a process that finds it later. */
interface SandboxRecord {
  readonly pid: number;
  readonly startTime: string | undefined;
  readonly cgroups: readonly string[];
}

const FILE = "sandbox.json";

export function writeRecord(directory: string, pid: number | undefined, cgroups: readonly string[]): void {
  const record = { ...(pid === undefined ? {} : { pid, startTime: startTimeOf(pid) }), cgroups };
  writeFileSync(join(directory, FILE), JSON.stringify(record), { mode: 0o600 });
}

/**
 * Ends and removes what a killed process left in the folders below `parent`. A process counts as found only when its
 * start time is the recorded one: ids are used again. Folders whose names begin with a dot are no sandboxes.
 */
export async function removeRemains(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  await Promise.all(
    names
      .filter((name) => !name.startsWith("."))
      .map(async (name) => {
        const directory = join(parent, name);
        const record = await readRecord(directory);
        if (record?.pid !== undefined && startTimeOf(record.pid) === record.startTime)
          await endTree(record.pid);
        if (record?.cgroups) await removeCgroup(record.cgroups);
        await removeTree(directory);
      }),
  );
}

async function readRecord(directory: string): Promise<Partial<SandboxRecord> | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, FILE), "utf8"));
  } catch {
    return undefined;
  }
}

const END_WITHIN_MS = 5_000;

/** Kills a process and all below it, and waits until they are gone. Parents first: none lives to answer the end of its child. */
async function endTree(pid: number): Promise<void> {
  const deadline = performance.now() + END_WITHIN_MS;
  const tree = processTree(pid).map((member) => ({ member, startTime: startTimeOf(member) }));
  for (const { member } of tree) {
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // Gone by itself.
    }
  }
  const lives = () => tree.some(({ member, startTime }) => startTime && startTimeOf(member) === startTime);
  while (lives()) {
    if (performance.now() > deadline) throw new Error(`process ${pid} of an earlier run cannot be ended`);
    await pause(5);
  }
}
