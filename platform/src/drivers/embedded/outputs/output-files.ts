import { appendFile, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OutputStore, Turn } from "../../../delivery/output/index.ts";
import { isId, notFound, StaleClaim } from "../../../kernel/index.ts";
import { chunkName, endName, type Kept, lookAt } from "./output-folder.ts";
import { readOutput } from "./output-reader.ts";
import { makeWakers } from "./output-wakers.ts";

export interface OutputFilesOptions {
  /** Longest text kept, in bytes. Default 300 MiB. (facts: build §4 "Output log") */
  readonly longest?: number;
  /** How often a reader looks for text that another process wrote. Default 500 ms. */
  readonly lookMs?: number;
}

const LONGEST = 300 * 1024 * 1024;
const LOOK_MS = 500;
/** Outputs whose writers' turns are remembered: far more than are written while a writer may be stopped and go on. */
const MOST_TURNS = 10_000;

/** Where the one writer of an id is. */
interface Place {
  readonly epoch: number;
  chunk: number;
  size: number;
}

/**
 * Output as files: a folder for each id with the text in chunks of half the longest text, of which the last two are
 * kept. Beginning anew starts another epoch, and readers go over to it. Any process may read; one at a time writes.
 */
export function makeOutputFiles(
  folder: string,
  { longest = LONGEST, lookMs = LOOK_MS }: OutputFilesOptions = {},
): OutputStore {
  const wakers = makeWakers(lookMs);
  const places = new Map<string, Place>();
  const folderOf = (id: string) => join(folder, requireId(id));
  /** Where a writer that was restarted goes on. */
  const findPlace = async (id: string): Promise<Place> => {
    const kept = await lookAt(folderOf(id));
    if (!kept) return await beginAt(id, 1);
    const chunk = kept.chunks.at(-1) ?? 1;
    const { size } = await stat(join(folderOf(id), chunkName(kept.epoch, chunk)));
    return { epoch: kept.epoch, chunk, size };
  };
  const beginAt = async (id: string, epoch: number): Promise<Place> => {
    await mkdir(folderOf(id), { recursive: true, mode: 0o700 });
    await writeFile(join(folderOf(id), chunkName(epoch, 1)), "", { mode: 0o600 });
    return { epoch, chunk: 1, size: 0 };
  };
  const turns = makeTurns();
  return {
    begin: async (id, turn) => {
      turns.check(id, turn);
      const before = await lookAt(folderOf(id));
      places.set(id, await beginAt(id, (before?.epoch ?? 0) + 1));
      if (before) await removeEpoch(folderOf(id), before);
      wakers.wake(id);
    },
    append: async (id, text, turn) => {
      turns.check(id, turn);
      const place = places.get(id) ?? (await findPlace(id));
      places.set(id, place);
      const bytes = Buffer.byteLength(text);
      if (place.size > 0 && place.size + bytes > longest / 2) {
        place.chunk += 1;
        place.size = 0;
        await rm(join(folderOf(id), chunkName(place.epoch, place.chunk - 2)), { force: true });
      }
      place.size += bytes;
      await appendFile(join(folderOf(id), chunkName(place.epoch, place.chunk)), text, { mode: 0o600 });
      wakers.wake(id);
    },
    end: async (id, turn) => {
      turns.check(id, turn);
      places.delete(id);
      const kept = await lookAt(folderOf(id));
      if (kept) await writeFile(join(folderOf(id), endName(kept.epoch)), "", { mode: 0o600 });
      wakers.wake(id);
    },
    read: (id, signal) => readOutput(folderOf(id), { signal, nextChange: () => wakers.next(id, signal) }),
    remove: async (id) => {
      places.delete(id);
      await rm(folderOf(id), { recursive: true, force: true });
      wakers.wake(id);
    },
  };
}

/** The newest turns that writers came with. */
function makeTurns() {
  const newest = new Map<string, number>();
  return {
    check(id: string, turn: Turn): void {
      if (turn === undefined) return;
      const seen = newest.get(id) ?? 0;
      if (turn < seen) throw new StaleClaim({ subject: `output ${id}`, number: turn }, seen);
      newest.delete(id);
      newest.set(id, turn);
      const [oldest = ""] = newest.keys();
      if (newest.size > MOST_TURNS) newest.delete(oldest);
    },
  };
}

/** Ids become file names: nothing else does. */
function requireId(id: string): string {
  if (!isId(id)) throw notFound("output");
  return id;
}

async function removeEpoch(folder: string, { epoch }: Kept): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(`${epoch}.`)) await rm(join(folder, name), { force: true });
}
