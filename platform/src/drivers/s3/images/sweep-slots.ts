import type { Clock } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { isDue, keptEntry, markName, readEntries, type SlotEntry } from "./slot-entries.ts";

/** A slot as a sweep sees it. */
export interface SweptSlot {
  /** Where it lies, without a slash at its end. */
  readonly slot: string;
  readonly entries: readonly SlotEntry[];
  /** When the newest entry was made, in ms. */
  readonly createdMs: number;
}

export interface SlotSweep {
  readonly bucket: S3Bucket;
  readonly now: Clock;
  readonly beganMs: number;
  readonly graceMs: number;
  readonly goOn: () => Promise<void>;
}

/** The slots under a prefix, by their digests: `<prefix><hex>/<entry>`. What lies there without being an entry is left alone. */
export async function* slotsUnder(
  bucket: Pick<S3Bucket, "list">,
  prefix: string,
): AsyncGenerator<readonly [digest: string, slot: SweptSlot]> {
  let hex = "";
  let names: string[] = [];
  const found = (): (readonly [string, SweptSlot])[] => {
    const entries = readEntries(names);
    const [newest] = entries;
    if (!newest || !/^[0-9a-f]{64}$/.test(hex)) return [];
    return [[`sha256:${hex}`, { slot: `${prefix}${hex}`, entries, createdMs: newest.createdMs }]];
  };
  for await (const { key } of bucket.list(prefix)) {
    const [next = "", name = ""] = key.slice(prefix.length).split("/");
    if (next !== hex) {
      yield* found();
      hex = next;
      names = [];
    }
    names.push(name);
  }
  yield* found();
}

/** Whether all entries of a slot have been out of reach for the time of grace. */
export function isSlotDue({ entries }: SweptSlot, { beganMs, graceMs }: SlotSweep): boolean {
  return entries.every((entry) => isDue(entry, beganMs, graceMs));
}

/** Notes that nothing reaches a slot. What has been noted before stays as it is. */
export async function markSlot({ slot, entries }: SweptSlot, sweep: SlotSweep): Promise<void> {
  for (const { name, leavingMs } of entries) {
    if (leavingMs.length > 0) continue;
    await sweep.goOn();
    await sweep.bucket.put(`${slot}/${markName(name, sweep.now().getTime())}`, Buffer.alloc(0));
  }
}

/**
 * Notes that something reaches a slot. One entry is enough: the others go, each after its time. `remove` is called for those
 * whose time is over.
 */
export async function keepSlot(
  swept: SweptSlot,
  sweep: SlotSweep,
  remove: (entry: SlotEntry) => Promise<void>,
): Promise<void> {
  const { slot, entries } = swept;
  const kept = keptEntry(entries);
  if (!kept) return await unmark(swept, sweep);
  for (const entry of entries) {
    if (entry === kept) continue;
    await sweep.goOn();
    if (isDue(entry, sweep.beganMs, sweep.graceMs)) await remove(entry);
    else if (entry.leavingMs.length === 0)
      await sweep.bucket.put(`${slot}/${markName(entry.name, sweep.now().getTime())}`, Buffer.alloc(0));
  }
}

/** The newest entry is counted on again. */
async function unmark({ slot, entries }: SweptSlot, { bucket, goOn }: SlotSweep): Promise<void> {
  const [newest] = entries;
  for (const at of newest?.leavingMs ?? []) {
    await goOn();
    await bucket.remove(`${slot}/${markName(newest?.name ?? "", at)}`);
  }
}

/** Removes an entry, and then its marks: without its marks it would look as if it stayed. */
export async function removeEntry(
  { bucket }: Pick<SlotSweep, "bucket">,
  slot: string,
  { name, leavingMs }: SlotEntry,
): Promise<void> {
  await bucket.remove(`${slot}/${name}`);
  for (const at of leavingMs) await bucket.remove(`${slot}/${markName(name, at)}`);
}
