import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { changedSince } from "./install-packages.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let since: number;
const at = (name: string) => path.join(folder.at, "node_modules", name);

/** Change times advance in steps of the kernel's clock, which may lag behind the one we read. */
async function nextTick(): Promise<number> {
  const began = Date.now();
  await expect.poll(() => Date.now() - began, { interval: 5 }).toBeGreaterThan(40);
  return Date.now() - 20;
}

beforeEach(async () => {
  folder = await makeFolder();
  await writeFiles(folder.at, {
    "node_modules/a/package.json": "{}",
    "node_modules/a/lib/index.js": "",
    "node_modules/@scope/b/index.js": "",
    "other/c.js": "",
  });
  await symlink("../other", at("link"));
  since = await nextTick();
});
afterEach(() => folder.remove());

describe("packages that scripts of the build have run beside", () => {
  it("are as they were", () => {
    expect(changedSince(path.join(folder.at, "node_modules"), since)).toBe(false);
  });

  it("are as they were when only a linked folder has changed", async () => {
    await writeFile(path.join(folder.at, "other/c.js"), "changed");
    expect(changedSince(path.join(folder.at, "node_modules"), since)).toBe(false);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["a file was written", () => writeFile(at("a/lib/index.js"), "generated")],
    ["a file was made", () => writeFile(at("@scope/b/client.js"), "generated")],
    ["a package was made", () => mkdir(at(".generated"))],
    ["a file was removed", () => rm(at("a/lib/index.js"))],
    ["a file was renamed", () => rename(at("a/lib/index.js"), at("a/lib/main.js"))],
    [
      "a file was put there with an old time",
      async () => {
        await writeFile(at("a/old.js"), "");
        await utimes(at("a/old.js"), 1, 1);
      },
    ],
  ])("have changed when %s", async (_name, change) => {
    await change();
    expect(changedSince(path.join(folder.at, "node_modules"), since)).toBe(true);
  });
});
