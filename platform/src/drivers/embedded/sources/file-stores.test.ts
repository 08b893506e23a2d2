import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeArchiveStore, describeSourceStore } from "../../../delivery/source/source-store-suite.ts";
import { openFileArchiveStore } from "./file-archive-store.ts";
import { openFileSourceStore } from "./file-source-store.ts";

async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "conifer-sources-"));
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describeSourceStore("a folder", async () => {
  const folder = await temporaryFolder();
  const close = () => rm(folder, { recursive: true });
  return { store: await openFileSourceStore({ folder }), contents: () => filesIn(folder), close };
});

describeArchiveStore("a folder", async () => {
  const folder = await temporaryFolder();
  const close = () => rm(folder, { recursive: true });
  return { store: await openFileArchiveStore({ folder }), contents: () => filesIn(folder), close };
});

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

it("keeps sources over a restart and removes what was half-written", async () => {
  const { digest } = await (await openFileSourceStore({ folder })).write(
    Readable.from([Buffer.from("kept")]),
  );
  await writeFile(join(folder, "incoming", "left-behind"), "half");
  const again = await openFileSourceStore({ folder });
  expect(await again.has(digest)).toBe(true);
  expect(await filesIn(folder)).toEqual([digest.slice(7)]);
});

it("lets nobody else read sources", async () => {
  const { digest } = await (await openFileSourceStore({ folder })).write(
    Readable.from([Buffer.from("secret")]),
  );
  const path = join(folder, "sha256", digest.slice(7, 9), digest.slice(7));
  expect((await stat(path)).mode & 0o077).toBe(0);
});

it("refuses what is no digest and no id, so that no path can be made of it", async () => {
  const sources = await openFileSourceStore({ folder: join(folder, "a") });
  await expect(sources.read("sha256:../../etc/passwd")).rejects.toThrow("not a source's digest");
  const archives = await openFileArchiveStore({ folder: join(folder, "b") });
  await expect(archives.read("../../etc/passwd")).rejects.toThrow("not an archive's id");
});

it("removes half-written archives when it is opened", async () => {
  const archives = join(folder, "archives");
  await mkdir(archives);
  await writeFile(join(archives, "incoming-x"), "half");
  await openFileArchiveStore({ folder: archives });
  expect(await filesIn(archives)).toEqual([]);
});
