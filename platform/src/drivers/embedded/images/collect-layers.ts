import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errorText, type Logger, type Running } from "../../../kernel/index.ts";
import { removeTree } from "../../files/trees/index.ts";
import { isMissing } from "./durable-files.ts";
import type { LayerUses } from "./layer-uses.ts";

export interface LayerCollection {
  /** CONIFER_HOME/layers. */
  readonly folder: string;
  readonly uses: LayerUses;
}

const EVERY_MS = 10 * 60 * 1_000;
/** A rollback to what ran within a day finds its layers unpacked. */
const UNUSED_MS = 24 * 60 * 60 * 1_000;
/** Where less of the disk is free than this part, room is worth more than time. */
const SCARCE = 0.1;
const UNUSED_SCARCE_MS = 10 * 60 * 1_000;

/**
 * Removes unpacked layers that no dyno has used since a time (ms), and returns how many: they are unpacked again when they are
 * needed. One that is asked for at the same moment stays. Stops between two when the signal is aborted.
 */
export async function collectLayers(
  { folder, uses }: LayerCollection,
  sinceMs: number,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder)) {
    if (signal?.aborted) break;
    // What begins with a dot is being unpacked or removed.
    if (name.startsWith(".") || !uses.isFree(name, sinceMs)) continue;
    const aside = join(folder, `.removed-${randomUUID()}`);
    // In the same turn as the question whether it is free: whoever wants it marks it first, and then does not find it.
    if (!movedAside(join(folder, name), aside)) continue;
    await removeTree(aside);
    removed += 1;
  }
  return removed;
}

/** False when it is gone already. */
function movedAside(path: string, aside: string): boolean {
  try {
    renameSync(path, aside);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

/** Removes layers that have not been used for a day, or where the disk is nearly full for ten minutes, for as long as it runs. */
export function startLayerCollection(
  collection: LayerCollection,
  { logger, now }: { readonly logger: Logger; readonly now: () => number },
): Running {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const run = async () => {
    const { bavail, blocks } = await statfs(collection.folder);
    const unusedMs = bavail / blocks < SCARCE ? UNUSED_SCARCE_MS : UNUSED_MS;
    const layers = await collectLayers(collection, now() - unusedMs, stopping.signal);
    if (layers > 0) logger.info("layers that no dyno uses are removed", { layers });
  };
  const timer = setInterval(() => {
    running ??= run()
      .catch((thrown) => logger.error("unused layers cannot be removed", { error: errorText(thrown) }))
      .finally(() => {
        running = undefined;
      });
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}
