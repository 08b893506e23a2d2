import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { eventually } from "../../../delivery/source/source-fixtures.ts";
import { git, startGitRig, startPush } from "./git-fixtures.ts";

let rig: Awaited<ReturnType<typeof startGitRig>>;
let work: string;

beforeAll(async () => {
  rig = await startGitRig();
});
afterAll(() => rig.stop());

beforeEach(async () => {
  work = join(rig.root, `work-${rig.builds.length}`);
  await mkdir(work);
  await git(work, "init", "--quiet", "--initial-branch=main");
  await writeFile(join(work, "index.html"), "hello");
  await git(work, "add", ".");
  await git(work, "commit", "--quiet", "--message=First");
});

it("shows the build's lines while it runs, and moves main when it has succeeded", async () => {
  const push = startPush(work, rig.url(), "main");
  await eventually(() => rig.builds.length === 1, "the build is created");
  const build = rig.builds[0];
  const commit = await git(work, "rev-parse", "HEAD");
  expect(build).toMatchObject({ commit, commitMessage: "First", ref: "refs/heads/main" });
  expect(await rig.sources.has(build?.source ?? "")).toBe(true);
  build?.say("-----> Building\n");
  await eventually(() => push.text.includes("remote: -----> Building"), "the line arrives");
  expect(await git(work, "ls-remote", rig.url())).toBe("");
  await build?.finish("succeeded");
  expect(await push.ended).toBe(0);
  expect(await git(work, "ls-remote", rig.url(), "main")).toContain(commit);
});
