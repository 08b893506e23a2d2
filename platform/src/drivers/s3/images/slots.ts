import { type Clock, newId } from "../../../kernel/index.ts";
import type { S3Bucket } from "../client/index.ts";
import { entryName, isCountedOn, readEntries, type SlotEntry } from "./slot-entries.ts";

/** How an entry is made anew under another name, from one that nobody counts on any more; false when that is gone. */
export type RenewEntry = (old: SlotEntry, name: string, id: string) => Promise<boolean>;

/** Looks for what can be collected. A slot has no slash at its end. */
export interface Slots {
  /** All entries, the newest first, whether somebody may count on them or not. */
  all(slot: string): Promise<readonly SlotEntry[]>;
  /** An entry that is there for half the time of grace from now on; undefined when there is none. */
  vouch(slot: string, renew: RenewEntry): Promise<SlotEntry | undefined>;
  /** A new entry's name and id, made now. */
  next(more?: string): { readonly name: string; readonly id: string };
  /** Removes entries with their marks. Returns whether there were any. */
  clear(slot: string): Promise<boolean>;
}

export interface SlotsOptions {
  readonly now: Clock;
  /** What nothing reaches goes after this time, in ms. */
  readonly graceMs: number;
}

export function makeSlots(bucket: Pick<S3Bucket, "list" | "remove">, { now, graceMs }: SlotsOptions): Slots {
  const all = async (slot: string) => readEntries(await namesUnder(bucket, `${slot}/`));
  const next = (more?: string) => {
    const id = newId();
    return { id, name: entryName(now().getTime(), id, more) };
  };
  return {
    all,
    next,
    async vouch(slot, renew) {
      const entries = await all(slot);
      const found = entries.find((entry) => isCountedOn(entry, now().getTime(), graceMs));
      if (found) return found;
      for (const old of entries) {
        const { name, id } = next(old.more);
        if (await renew(old, name, id)) return readEntries([name])[0];
      }
      return undefined;
    },
    async clear(slot) {
      const names = await namesUnder(bucket, `${slot}/`);
      // Entries go before their marks: one that has lost its mark would look as if it stayed.
      const entries = readEntries(names);
      for (const { name } of entries) await bucket.remove(`${slot}/${name}`);
      for (const name of names)
        if (!entries.some((entry) => entry.name === name)) await bucket.remove(`${slot}/${name}`);
      return entries.length > 0;
    },
  };
}

async function namesUnder(bucket: Pick<S3Bucket, "list">, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of bucket.list(prefix)) names.push(key.slice(prefix.length));
  return names;
}
