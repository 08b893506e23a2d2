import { analyze } from "./analyze-phase.ts";
import { build } from "./build-phase.ts";
import { detect } from "./detect-phase.ts";
import { exportImage } from "./export-phase.ts";
import type { PhaseContext } from "./phase-context.ts";
import { putBack, type RestoredLayers, restore } from "./restore-phase.ts";

/**
 * All phases of a build in one process. Unlike phases run one by one it moves cached layers instead of copying them,
 * since it can return them when the build fails.
 */
export async function create(context: PhaseContext): Promise<void> {
  await analyze(context);
  await detect(context);
  const restored = await restore(context, true);
  try {
    await build(context);
    await exportImage(context, restored, true);
  } catch (thrown) {
    if (restored.length > 0) await returnToCache(context, restored);
    throw thrown;
  }
}

/** What stops the build is what its user has to read, not that the cache could not be filled again. */
async function returnToCache(context: PhaseContext, restored: RestoredLayers): Promise<void> {
  try {
    await putBack(context, restored);
  } catch (thrown) {
    context.log.warn(`Cached layers are lost: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}
