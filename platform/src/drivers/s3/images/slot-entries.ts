/**
 * What can be collected lies in slots: `<slot>/<entry>`. An S3 store has no moving aside and no removal under a condition, so
 * nothing that was removed may ever come back under the same key, and nobody may count on what is about to go. Hence times:
 *
 *     <ms>-<id>[-<more>]                     an entry, with when it was made
 *     <ms>-<id>[-<more>].leaving.<ms>        a sweep found it out of reach, and when
 *
 *     |── counted on ──|── no longer ──|
 *     mark          grace/2          grace: a sweep that begins now may remove it
 *
 * Whoever is told that a thing is there has at least half the time of grace to have something name it, which the sweep
 * that would remove it sees then. What is no longer counted on is made again under a new key. So no order of the two loses
 * anything, with any number of processes and without a lock. Their clocks agree: a store refuses requests from clocks that
 * are more than 15 minutes off.
 */
export interface SlotEntry {
  readonly name: string;
  readonly createdMs: number;
  readonly id: string;
  /** What the name tells beside, such as a size. */
  readonly more: string;
  /** When sweeps have found it out of reach, the earliest first; empty when it is within reach. */
  readonly leavingMs: readonly number[];
}

const ENTRY = /^(\d{13})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-([0-9a-z]+))?$/;
const MARK = /^(.+)\.leaving\.(\d{13})$/;

export function entryName(createdMs: number, id: string, more = ""): string {
  return `${timeText(createdMs)}-${id}${more === "" ? "" : `-${more}`}`;
}

export function markName(entry: string, atMs: number): string {
  return `${entry}.leaving.${timeText(atMs)}`;
}

function timeText(ms: number): string {
  return String(Math.floor(ms)).padStart(13, "0");
}

/** Entries of a slot, by the names in it; the newest first. Marks without their entry are left out. */
export function readEntries(names: Iterable<string>): readonly SlotEntry[] {
  const marks = new Map<string, number[]>();
  const found: Omit<SlotEntry, "leavingMs">[] = [];
  for (const name of names) {
    const [, of = "", at] = MARK.exec(name) ?? [];
    if (at !== undefined) marks.set(of, [...(marks.get(of) ?? []), Number(at)]);
    const [, created, id = "", more = ""] = ENTRY.exec(name) ?? [];
    if (created !== undefined) found.push({ name, createdMs: Number(created), id, more });
  }
  return found
    .map((one) => ({ ...one, leavingMs: (marks.get(one.name) ?? []).toSorted((a, b) => a - b) }))
    .toSorted((a, b) => b.createdMs - a.createdMs || (a.name < b.name ? 1 : -1));
}

/** Whether somebody may be told that the entry is there. */
export function isCountedOn({ leavingMs }: SlotEntry, nowMs: number, graceMs: number): boolean {
  const [first] = leavingMs;
  return first === undefined || nowMs - first < graceMs / 2;
}

/** Whether a sweep that began at a time may remove the entry, should nothing reach it. */
export function isDue({ leavingMs }: SlotEntry, beganMs: number, graceMs: number): boolean {
  const last = leavingMs.at(-1);
  return last !== undefined && beganMs - last >= graceMs;
}

/** The one entry that a slot keeps when it has several: the newest that is not leaving. */
export function keptEntry(entries: readonly SlotEntry[]): SlotEntry | undefined {
  return entries.find(({ leavingMs }) => leavingMs.length === 0);
}
