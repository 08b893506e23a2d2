import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, readlink, rm, stat, symlink, utimes } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "./buildpack-fixtures.ts";
import { copyFolder, moveFolder } from "./copy-folder.ts";

const context = { env: { PATH: process.env.PATH }, signal: new AbortController().signal };

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (name: string) => path.join(folder.at, name);
beforeEach(async () => {
  folder = await makeFolder();
  await writeFiles(folder.at, { "from/a/b.js": "b", "from/run": "#!/bin/sh\n" });
  await symlink("../a/b.js", at("from/link"));
  await symlink("nowhere", at("from/dangling"));
  await chmod(at("from/run"), 0o755);
  await utimes(at("from/a/b.js"), 1000, 1000);
});
afterEach(() => folder.remove());

async function expectContent(to: string): Promise<void> {
  expect(await readFile(path.join(to, "a/b.js"), "utf8")).toBe("b");
  expect([await readlink(path.join(to, "link")), await readlink(path.join(to, "dangling"))]).toEqual([
    "../a/b.js",
    "nowhere",
  ]);
  expect((await stat(path.join(to, "run"))).mode & 0o777).toBe(0o755);
  expect((await stat(path.join(to, "a/b.js"))).mtimeMs).toBe(1_000_000);
}

describe("a folder", () => {
  it("is copied with links, modes and times", async () => {
    await copyFolder(context, at("from"), at("to"));
    await expectContent(at("to"));
    expect(existsSync(at("from/run"))).toBe(true);
  });

  it("is moved", async () => {
    await moveFolder(context, at("from"), at("to"));
    await expectContent(at("to"));
    expect(existsSync(at("from"))).toBe(false);
  });

  it.runIf(existsSync("/dev/shm"))("is moved to another file system", async () => {
    const other = await mkdtemp("/dev/shm/conifer-buildpacks-");
    try {
      await moveFolder(context, at("from"), path.join(other, "to"));
      await expectContent(path.join(other, "to"));
      expect(existsSync(at("from"))).toBe(false);
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it("that is not there is told", async () => {
    await expect(moveFolder(context, at("none"), at("to"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(copyFolder(context, at("none"), at("to"))).rejects.toThrow("cp ended with 1");
  });
});
