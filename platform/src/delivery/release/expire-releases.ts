import type { Clock, Db } from "../../kernel/index.ts";
import { markImagesRemoved } from "../image/index.ts";
import { findHeadForUpdate, listOutlivedImages } from "./release-store.ts";

/** Releases keep their images for so long, and the app's last twenty for good. (design §6) */
const KEPT_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Lets the images go that no release needs any more; their releases show `expired` and cannot be gone back to. Their content is
 * left to the collection, which keeps what another image shares with them. An app's images go under its lock, so no release
 * is made of one meanwhile. Returns how many went. The signal ends it between two apps.
 */
export async function expireReleases(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  signal?: AbortSignal,
): Promise<number> {
  const before = new Date(clock().getTime() - KEPT_DAYS * DAY_MS);
  const apps = new Set((await listOutlivedImages(db, { before })).map(({ appId }) => appId));
  let gone = 0;
  for (const appId of apps) {
    signal?.throwIfAborted();
    gone += await db.transaction().execute(async (trx) => {
      if (!(await findHeadForUpdate(trx, appId))) return 0;
      const outlived = await listOutlivedImages(trx, { before, appId });
      await markImagesRemoved(
        trx,
        outlived.map(({ id }) => id),
        clock(),
      );
      return outlived.length;
    });
  }
  return gone;
}
