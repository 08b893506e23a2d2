import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleLifecycle } from "./bundle-lifecycle.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bundle-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("makes programs that run by themselves, once", async () => {
  const target = join(root, "lifecycle");
  expect(await bundleLifecycle(target)).toBe(true);
  expect(await bundleLifecycle(target)).toBe(false);
  const programs = ["analyzer", "builder", "creator", "detector", "exporter", "rebaser", "restorer"];
  expect((await readdir(target)).sort()).toEqual(
    [".sources", ...programs, "launcher", "lifecycle.mjs"].sort(),
  );
  const run = spawnSync(join(target, "creator"), ["-nonsense"], {
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    encoding: "utf8",
  });
  expect(run).toMatchObject({ status: 1, stderr: expect.stringContaining("creator has no flag -nonsense") });
});

it("makes the folder anew when the sources are others", async () => {
  const target = join(root, "stale");
  await bundleLifecycle(target);
  await writeFile(join(target, ".sources"), "others");
  await writeFile(join(target, "creator"), "old");
  expect(await bundleLifecycle(target)).toBe(true);
  expect(await readFile(join(target, "creator"), "utf8")).toContain("exec node");
});

it("knows nothing of the platform but the image format", async () => {
  const code = await readFile(join(root, "lifecycle", "lifecycle.mjs"), "utf8");
  expect(code).not.toMatch(/conifer|kysely/i);
});
