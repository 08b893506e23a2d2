import { statfs } from "node:fs/promises";
import { pause } from "../../../kernel/index.ts";
import { isAbove } from "../../files/trees/index.ts";
import type { Sandbox } from "../sandbox/index.ts";

/** What a dyno may write to its files. */
export interface DiskBounds {
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

/** What is free on the disk that dynos write to. */
export type DiskRoom = () => Promise<DiskBounds>;

export interface DiskWatchOptions {
  readonly most: DiskBounds;
  readonly room: DiskRoom;
  readonly signal: AbortSignal;
  /** Told once, with what was found, when it is above. */
  readonly exceeded: (size: DiskBounds) => void;
  /** Shortest time between two looks. Default 5 s. */
  readonly sampleMs?: number;
}

const SAMPLE_MS = 5_000;
/** A look at many files takes long; all looks together take no more than such a part of the time, */
const SHARE = 50;
/** unless the disk has lost such a part of what the dyno may write. */
const LOSS = 1 / 4;
/** Files without a name are looked for then, and every so many shortest times, since what others remove may hide a loss. */
const UNNAMED_EVERY = 12;

/**
 * Looks at what a dyno has written until the signal aborts. What was there at its start, which is a copy of its image where there
 * are no overlays, does not count. Never rejects.
 */
export async function watchWritten(
  sandbox: Pick<Sandbox, "written">,
  { most, room, signal, exceeded, sampleMs = SAMPLE_MS }: DiskWatchOptions,
): Promise<void> {
  const everything = { bytes: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY };
  const before = await sandbox.written(everything);
  const bounds = { bytes: before.bytes + most.bytes, entries: before.entries + most.entries };
  const lost = followLoss({ bytes: most.bytes * LOSS, entries: most.entries * LOSS }, room);
  await lost();
  let next = 0;
  let rests = 0;
  for (await pause(sampleMs, signal); !signal.aborted; await pause(sampleMs, signal)) {
    rests += 1;
    const hasLost = await lost();
    if (!hasLost && performance.now() < next) continue;
    const began = performance.now();
    const unnamed = hasLost || rests >= UNNAMED_EVERY;
    const size = await sandbox.written(bounds, { unnamed });
    const ended = performance.now();
    next = ended + (ended - began) * SHARE;
    if (unnamed) rests = 0;
    if (signal.aborted || !isAbove(size, bounds)) continue;
    return exceeded({ bytes: size.bytes - before.bytes, entries: size.entries - before.entries });
  }
}

/** Tells at each call whether the room has shrunk by so much since it was largest after the last time it told so. */
function followLoss(most: DiskBounds, room: DiskRoom): () => Promise<boolean> {
  let largest: DiskBounds | undefined;
  return async () => {
    const now = await room();
    const before = largest ?? now;
    const hasLost = before.bytes - now.bytes >= most.bytes || before.entries - now.entries >= most.entries;
    largest = hasLost
      ? now
      : {
          bytes: Math.max(before.bytes, now.bytes),
          entries: Math.max(before.entries, now.entries),
        };
    return hasLost;
  };
}

/** How long an answer of the disk is good enough: dynos ask one after the other. */
const SAME_MS = 1_000;

/** The room on the disk of a folder. A disk that cannot be asked always has the same. */
export function makeDiskRoom(folder: string): DiskRoom {
  let asked: { readonly at: number; readonly room: Promise<DiskBounds> } | undefined;
  return () => {
    if (!asked || performance.now() - asked.at > SAME_MS)
      asked = { at: performance.now(), room: roomOn(folder) };
    return asked.room;
  };
}

async function roomOn(folder: string): Promise<DiskBounds> {
  try {
    const { bavail, bsize, ffree } = await statfs(folder);
    return { bytes: bavail * bsize, entries: ffree };
  } catch {
    return { bytes: 0, entries: 0 };
  }
}
