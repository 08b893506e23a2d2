import { deleteExpiredAuthorizations } from "../accounts/token/index.ts";
import { loadAdvisories } from "../delivery/advisory/index.ts";
import { listKeptSources } from "../delivery/build/index.ts";
import { listKeptDigests } from "../delivery/image/index.ts";
import { deleteOldPasses, listPassImages } from "../delivery/rebase/index.ts";
import { expireReleases } from "../delivery/release/index.ts";
import { forgetUnusedSets } from "../delivery/sbom/index.ts";
import { openAdvisoryFiles } from "../drivers/files/advisories/index.ts";
import type { JobKind } from "../drivers/postgres/jobs/index.ts";
import { pruneEvents } from "../drivers/postgres/outbox/index.ts";
import { deleteEndedOneOffs, deleteOldInsideRuns } from "../runtime/one-off/index.ts";
import type { ControlContext } from "./control-context.ts";
import type { WorkerEngine } from "./control-engine.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Events are kept so long for readers that were away. */
const EVENTS_DAYS = 7;

const PASSES_DAYS = 90;
/** The source of a build that made nothing is kept so long. */
const SOURCES_DAYS = 30;

/** Asks a worker to forget an app's build cache. */
export const CLEAR_BUILD_CACHE = "clear-build-cache";

/** Asks a worker to look whether the operator's advisories are others now. */
export const LOAD_ADVISORIES = "load-advisories";

/** Work that must be done some time, also when Conifer is stopped in between. */
export function makeJobKinds(context: ControlContext, engine: WorkerEngine): readonly JobKind[] {
  const { db, clock, logs } = context;
  const before = (days: number) => new Date(clock().getTime() - days * DAY_MS);
  return [
    {
      name: "remove-app",
      run: async ({ appId }) => {
        const id = String(appId);
        await engine.repositories.remove(id);
        await logs.reader.forget(id);
        await engine.builder.clearCache(id);
        await engine.collection.forget(id);
      },
    },
    { name: CLEAR_BUILD_CACHE, run: ({ appId }) => engine.builder.clearCache(String(appId)) },
    {
      name: LOAD_ADVISORIES,
      schedule: "23 * * * *",
      run: () => takeInAdvisories(context),
    },
    {
      name: "collect-images",
      schedule: "41 * * * *",
      // Whoever has the images has no database: what it may not remove comes with the request.
      run: async () => {
        const kept = [...(await listKeptDigests(db)), ...(await listPassImages(db))];
        await engine.collection.collect(kept);
      },
    },
    {
      name: "expire-releases",
      schedule: "53 * * * *",
      run: async () => {
        const images = await expireReleases(context);
        if (images > 0) context.logger.info("old releases have expired", { images });
      },
    },
    {
      name: "collect-sources",
      schedule: "47 * * * *",
      run: async () => {
        const kept = await listKeptSources(db, before(SOURCES_DAYS));
        // What came within a day may be of a build that is not on record yet.
        const { sources, freedBytes } = await engine.sources.collect(kept, before(1));
        if (sources > 0)
          context.logger.info("sources that nothing needs are removed", { sources, freed_bytes: freedBytes });
      },
    },
    {
      name: "sweep",
      schedule: "17 * * * *",
      run: async () => {
        await pruneEvents(db, before(EVENTS_DAYS));
        await deleteExpiredAuthorizations(db, before(1));
        await deleteEndedOneOffs(db, before(1));
        await deleteOldInsideRuns(db, before(1));
        await forgetUnusedSets(db);
        await deleteOldPasses(db, before(PASSES_DAYS));
      },
    },
  ];
}

/** A database that cannot be read is told in the log, and looked at again in an hour. */
async function takeInAdvisories(context: ControlContext): Promise<void> {
  const { advisories } = context.config;
  if (advisories === undefined) return;
  try {
    await loadAdvisories(openAdvisoryFiles(advisories), context, new AbortController().signal);
  } catch (error) {
    context.logger.error("advisories cannot be taken in", { error });
  }
}
