import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findOrphanedTables, openOwnNetwork } from "./own-network.ts";

test("a firewall table is found once its home is gone, and no longer once it is removed", async ({
  skip,
}) => {
  const home = mkdtempSync(join(tmpdir(), "conifer-orphaned-"));
  const opened = await openOwnNetwork(home, []);
  try {
    if (!opened.network) return skip(`no networks of their own here: ${opened.hint}`);
    const isFound = async () => (await findOrphanedTables()).some((found) => found.home === home);
    expect(await isFound()).toBe(false);
    rmSync(home, { recursive: true });
    expect(await isFound()).toBe(true);
    await opened.close();
    expect(await isFound()).toBe(false);
  } finally {
    if (opened.network) await opened.close();
    rmSync(home, { recursive: true, force: true });
  }
});
