import { statfs } from "node:fs/promises";
import { BusinessError } from "../../../kernel/index.ts";

/** A file system's size and what users may still take of it, in bytes. */
export interface Room {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const GIB = 1024 ** 3;
/** What has to stay free for the database, logs and routes: a part of the disk, and of a large one no more than this. (design §6) */
const LEAST_FREE = 0.05;
const MOST_RESERVED_BYTES = 10 * GIB;
const KNOWN_FOR_MS = 1_000;

/** Whether something new may be stored. */
export function hasRoom({ freeBytes, totalBytes }: Room): boolean {
  return freeBytes >= Math.min(totalBytes * LEAST_FREE, MOST_RESERVED_BYTES);
}

/**
 * Throws insufficient_storage when the file system of a folder is nearly full: for whoever is about to store something of a size
 * that others choose. A disk that cannot be asked has room. What is known is not asked for again within a second.
 */
export function makeRequireRoom(
  folder: string,
  { look = roomOf, now = () => performance.now() }: RoomOptions = {},
): () => Promise<void> {
  let known: { readonly room: Promise<Room | undefined>; readonly untilMs: number } | undefined;
  return async () => {
    if (!known || known.untilMs <= now())
      known = { room: look(folder).catch(() => undefined), untilMs: now() + KNOWN_FOR_MS };
    const room = await known.room;
    if (!room || hasRoom(room)) return;
    throw new BusinessError(
      "insufficient_storage",
      `Only ${shown(room.freeBytes)} of the ${shown(room.totalBytes)} of this platform's disk are free, so nothing new is ` +
        "stored. What runs goes on. Ask the operator for room, then try again.",
    );
  };
}

export interface RoomOptions {
  readonly look?: (folder: string) => Promise<Room>;
  /** In ms, of a clock that only goes forward. */
  readonly now?: () => number;
}

async function roomOf(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

function shown(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GB` : `${Math.floor(bytes / 1024 ** 2)} MB`;
}
