import { lstat, mkdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { changedAfter } from "./install-packages.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let since: number;
const at = (name: string) => path.join(folder.at, "node_modules", name);

/** Makes a link and returns its change time, once changes from now on have a later one: file times advance in ticks. */
async function linkedAt(): Promise<number> {
  await symlink("node_modules", path.join(folder.at, "mark"));
  const { ctimeMs } = await lstat(path.join(folder.at, "mark"));
  const later = async () => {
    await writeFile(path.join(folder.at, "later"), "");
    return (await stat(path.join(folder.at, "later"))).ctimeMs;
  };
  await expect.poll(later, { interval: 1 }).toBeGreaterThan(ctimeMs);
  return ctimeMs;
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
  since = await linkedAt();
});
afterEach(() => folder.remove());

describe("packages that scripts of the build have run beside", () => {
  it("are as they were", () => {
    expect(changedAfter(path.join(folder.at, "node_modules"), since)).toBe(false);
  });

  it("are as they were when only a linked folder has changed", async () => {
    await writeFile(path.join(folder.at, "other/c.js"), "changed");
    expect(changedAfter(path.join(folder.at, "node_modules"), since)).toBe(false);
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
    expect(changedAfter(path.join(folder.at, "node_modules"), since)).toBe(true);
  });
});
