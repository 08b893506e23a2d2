import { pause } from "../../../kernel/index.ts";
import type { Sandbox } from "../sandbox/index.ts";

/** What a dyno may write to its files. */
export interface DiskBounds {
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

export interface DiskWatchOptions {
  readonly most: DiskBounds;
  readonly signal: AbortSignal;
  /** Told once, with what was found, when it is above. */
  readonly exceeded: (size: DiskBounds) => void;
  /** Shortest time between two looks. Default 5 s. */
  readonly sampleMs?: number;
}

const SAMPLE_MS = 5_000;
/** A look at many files takes long; all looks together take no more than such a part of the time. */
const SHARE = 50;

/**
 * Looks at what a dyno has written until the signal aborts. What was there at its start, which is a copy of its image where there
 * are no overlays, does not count. Never rejects.
 */
export async function watchWritten(
  sandbox: Pick<Sandbox, "written">,
  { most, signal, exceeded, sampleMs = SAMPLE_MS }: DiskWatchOptions,
): Promise<void> {
  const everything = { bytes: Number.POSITIVE_INFINITY, entries: Number.POSITIVE_INFINITY };
  const before = await sandbox.written(everything);
  const bounds = { bytes: before.bytes + most.bytes, entries: before.entries + most.entries };
  let tookMs = 0;
  const rest = () => pause(Math.max(sampleMs, tookMs * SHARE), signal);
  for (await rest(); !signal.aborted; await rest()) {
    const began = performance.now();
    const size = await sandbox.written(bounds);
    tookMs = performance.now() - began;
    if (signal.aborted || (size.bytes <= bounds.bytes && size.entries <= bounds.entries)) continue;
    return exceeded({ bytes: size.bytes - before.bytes, entries: size.entries - before.entries });
  }
}
