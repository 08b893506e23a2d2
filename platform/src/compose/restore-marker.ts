import { existsSync } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Home } from "./home.ts";

function markerFile(home: Home): string {
  return join(home.root, "restore-under-way");
}

/** From here on the home is one that nobody may start in. */
export async function markRestore(home: Home): Promise<void> {
  await writeFile(markerFile(home), "This home is being restored. It is whole when this file is gone.\n", {
    mode: 0o600,
    flush: true,
  });
  await syncRoot(home);
}

/** The home is whole. */
export async function unmarkRestore(home: Home): Promise<void> {
  await rm(markerFile(home), { force: true });
  await syncRoot(home);
}

/** Whether a restore into this home has begun and not ended. */
export function isHalfRestored(home: Home): boolean {
  return existsSync(markerFile(home));
}

/** Throws for a home that a restore was broken off in: what is there looks whole, and is not. */
export function refuseHalfRestored(home: Home): void {
  if (!isHalfRestored(home)) return;
  throw new Error(
    `A restore into ${home.root} has not ended. Wait for it, or, when it was broken off, restore the backup again: ` +
      "npm run -s restore -- <file>",
  );
}

async function syncRoot(home: Home): Promise<void> {
  const folder = await open(home.root, "r");
  await folder.sync().finally(() => folder.close());
}
