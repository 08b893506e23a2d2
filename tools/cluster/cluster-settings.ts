import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";
import type { Wishes } from "./cluster-arguments.ts";
import { ClusterError } from "./cluster-error.ts";
import { type ClusterFolders, MACHINE_FOLDER } from "./cluster-folders.ts";
import { type ClusterSettings, chooseSlot } from "./cluster-plan.ts";
import { runProgram } from "./run-program.ts";
import { takeLock } from "./take-lock.ts";
import { writeWhole } from "./write-whole.ts";

/**
 * The settings of a cluster that is to be: those it had, with the wishes applied.
 * @throws ClusterError `usage` for a wish that a cluster with data cannot be given
 */
export function applyWishes(before: ClusterSettings, wishes: Partial<ClusterSettings>): ClusterSettings {
  const again = "Take it down first, or use another --name.";
  if (wishes.nodes !== undefined && wishes.nodes < before.nodes) {
    throw new ClusterError("usage", `${before.name} has ${before.nodes} nodes already. ${again}`);
  }
  if (wishes.dualStack !== undefined && wishes.dualStack !== before.dualStack) {
    const kind = before.dualStack ? "is dual-stack" : "has IPv4 only";
    throw new ClusterError("usage", `${before.name} ${kind}. ${again}`);
  }
  return { ...before, ...wishes };
}

/** What was chosen for a cluster, or undefined where there is none. */
export async function readSettings({ settings }: ClusterFolders): Promise<ClusterSettings | undefined> {
  const text = await readFile(settings, "utf8").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw thrown;
  });
  return text === undefined ? undefined : (JSON.parse(text) as ClusterSettings);
}

/** Settles what a cluster is, new or not, writes it down and enters it in the machine's list. */
export async function settle(
  name: string,
  wishes: Wishes & Pick<ClusterSettings, "simulated">,
  folders: ClusterFolders,
  tell: Tell,
): Promise<ClusterSettings> {
  const release = await takeLock("machine", tell);
  try {
    const before = await readSettings(folders);
    const settings = before
      ? applyWishes(before, wishes)
      : { name, slot: await findSlot(name), nodes: 1, dualStack: false, egress: true, ...wishes };
    await writeWhole(folders.settings, JSON.stringify(settings, undefined, 2));
    await writeWhole(join(MACHINE_FOLDER, `${name}.json`), JSON.stringify(entryOf(settings, folders)));
    return settings;
  } finally {
    await release();
  }
}

/** A line of the machine's list of clusters. */
interface MachineEntry {
  readonly slot: number;
  readonly state: string;
}

const entryOf = ({ slot }: ClusterSettings, { state }: ClusterFolders): MachineEntry => ({ slot, state });

/** The clusters of this machine that are up, or were not taken down properly. */
export async function readMachineList(): Promise<ReadonlyMap<string, MachineEntry>> {
  const names = existsSync(MACHINE_FOLDER) ? await readdir(MACHINE_FOLDER) : [];
  const entries = names
    .filter((name) => name.endsWith(".json"))
    .map(async (name) => {
      const entry = JSON.parse(await readFile(join(MACHINE_FOLDER, name), "utf8")) as MachineEntry;
      return [name.slice(0, -".json".length), entry] as const;
    });
  return new Map(await Promise.all(entries));
}

/** Strikes a cluster off the machine's list. @returns whether it was the last */
export async function leaveMachineList(name: string): Promise<boolean> {
  await rm(join(MACHINE_FOLDER, `${name}.json`), { force: true });
  return (await readMachineList()).size === 0;
}

async function findSlot(name: string): Promise<number> {
  const others = [...(await readMachineList())].filter(([other]) => other !== name);
  const slot = chooseSlot(
    name,
    others.map(([, entry]) => entry.slot),
    await addressesInUse(),
  );
  if (slot !== undefined) return slot;
  const names = others.map(([other]) => other).join(", ");
  throw new ClusterError("failed", `No address block is free. Take a cluster down: ${names}.`);
}

/** Every IPv4 address and range that this machine has or knows a way to. */
async function addressesInUse(): Promise<string[]> {
  const parse = (text: string) => JSON.parse(text || "[]") as readonly Record<string, unknown>[];
  const links = parse(await runProgram("ip", ["-json", "-4", "address"]));
  const routes = parse(await runProgram("ip", ["-json", "-4", "route"]));
  const own = links.flatMap(({ addr_info }) => (addr_info ?? []) as readonly { local?: string }[]);
  return [...own.map(({ local }) => local ?? ""), ...routes.map(({ dst }) => String(dst))];
}
