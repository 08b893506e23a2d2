import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runGit } from "./git-command.ts";
import { git } from "./git-fixtures.ts";
import { prepareGitFolder } from "./git-folder.ts";
import { ensureRepository, makeGitRepositories, repositoryPath } from "./git-repositories.ts";

const APP = "5b1e6f0e-7c1f-4a52-9d2a-8a2f4c6d7e01";
const MAIN = "refs/heads/main";
const PATH = process.env.PATH ?? "/usr/bin:/bin";
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "conifer-git-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const prepare = (folder = join(root, "git")) =>
  prepareGitFolder({ folder, nodePath: process.execPath, path: PATH });

it("works in a folder with spaces and quotes in its name", async () => {
  const folder = join(root, `it's "a" folder`);
  const settings = await prepare(folder);
  await ensureRepository(settings, APP);
  const hooks = await runGit(settings, ["config", "core.hooksPath"], { cwd: repositoryPath(settings, APP) });
  expect(hooks.trim()).toBe(join(folder, "hooks"));
});

it("reads no configuration but its own", async () => {
  const settings = await prepare();
  const origins = await runGit(settings, ["config", "--list", "--show-origin"], { cwd: settings.folder });
  expect(
    new Set(
      origins
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0]),
    ),
  ).toEqual(new Set([`file:${settings.configFile}`]));
});

it("removes what killed processes left, before a repository is first used again", async () => {
  const settings = await prepare();
  await ensureRepository(settings, APP);
  const repository = repositoryPath(settings, APP);
  const [first] = await twoCommits(repository);
  await mkdir(join(settings.folder, "making-1234"));
  await mkdir(join(repository, "objects", "tmp_objdir-incoming-AbC123"));
  await writeFile(join(repository, "shallow.lock"), "");
  await writeFile(join(repository, "refs", "heads", "main.lock"), "");
  const again = await prepare();
  expect((await readdir(again.folder)).sort()).toEqual([`${APP}.git`, "config", "hooks", "template"]);
  await makeGitRepositories(again).moveRef(APP, "refs/heads/main", { from: undefined, to: first });
  expect(await readdir(join(repository, "objects"))).not.toContain("tmp_objdir-incoming-AbC123");
  expect(await readdir(repository)).not.toContain("shallow.lock");
  expect(await readdir(join(repository, "refs", "heads"))).toEqual(["main"]);
});

it("makes a repository once, also when asked twice at the same time", async () => {
  const settings = await prepare();
  await Promise.all([
    ensureRepository(settings, APP),
    ensureRepository(settings, APP),
    ensureRepository(settings, APP),
  ]);
  expect((await readdir(settings.folder)).filter((name) => name.startsWith("making"))).toEqual([]);
  expect(await readFile(join(repositoryPath(settings, APP), "HEAD"), "utf8")).toBe("ref: refs/heads/main\n");
});

it("says what to install when there is no git, or an old one", async () => {
  const bin = join(root, "bin");
  await mkdir(bin);
  const folder = join(root, "git");
  const withPath = () => prepareGitFolder({ folder, nodePath: process.execPath, path: bin });
  await expect(withPath()).rejects.toThrow("Install the package `git` and start again.");
  await writeFile(join(bin, "git"), "#!/bin/sh\necho git version 2.25.1\n");
  await chmod(join(bin, "git"), 0o755);
  await expect(withPath()).rejects.toThrow("Conifer needs git 2.32 or newer; this is git version 2.25.1.");
});

it("refuses what is no app's id", () => {
  const settings = { folder: root, configFile: "", path: PATH, maxPackBytes: 1, sweep: async () => {} };
  expect(() => repositoryPath(settings, "../../etc")).toThrow("not an app's id");
});

it("moves a ref as often as asked, forwards and back, and nothing without a repository", async () => {
  const settings = await prepare();
  const repositories = makeGitRepositories(settings);
  const move = async (to: string) =>
    repositories.moveRef(APP, MAIN, { from: await repositories.readRef(APP, MAIN), to });
  await move("a".repeat(40));
  expect(await repositories.readRef(APP, "refs/heads/main")).toBeUndefined();
  await ensureRepository(settings, APP);
  const [first, second] = await twoCommits(repositoryPath(settings, APP));
  for (const commit of [first, second, second, first]) {
    await move(commit);
    expect(await repositories.readRef(APP, "refs/heads/main")).toBe(commit);
  }
  await expect(move("b".repeat(40))).rejects.toThrow("update-ref");
  await expect(move("--delete")).rejects.toThrow("is not a commit");
  expect(await repositories.readRef(APP, "refs/heads/mai")).toBeUndefined();
  await repositories.remove(APP);
  await repositories.remove(APP);
  expect(await repositories.readRef(APP, "refs/heads/main")).toBeUndefined();
});

it("moves no ref that is not where it was seen, unless it is where it is to be", async () => {
  const settings = await prepare();
  const repositories = makeGitRepositories(settings);
  await ensureRepository(settings, APP);
  const [first, second] = await twoCommits(repositoryPath(settings, APP));
  await repositories.moveRef(APP, MAIN, { from: undefined, to: first });
  await expect(repositories.moveRef(APP, MAIN, { from: undefined, to: second })).rejects.toThrow(
    "update-ref",
  );
  await expect(repositories.moveRef(APP, MAIN, { from: second, to: second })).rejects.toThrow("update-ref");
  expect(await repositories.readRef(APP, MAIN)).toBe(first);
  await repositories.moveRef(APP, MAIN, { from: first, to: second });
  await repositories.moveRef(APP, MAIN, { from: undefined, to: second });
  expect(await repositories.readRef(APP, MAIN)).toBe(second);
});

it("describes a commit, and fails its export when the signal aborts or the commit is not there", async () => {
  const settings = await prepare();
  const repositories = makeGitRepositories(settings);
  await ensureRepository(settings, APP);
  const [first] = await twoCommits(repositoryPath(settings, APP));
  expect(await repositories.describeCommit(APP, first)).toEqual({ subject: "First: é", submodules: [] });
  const drain = async (commit: string, signal: AbortSignal) => {
    for await (const _ of repositories.exportCommit(APP, commit, signal)) {
      // Only the end matters.
    }
  };
  await expect(drain(first, AbortSignal.abort())).rejects.toThrow();
  await expect(drain("b".repeat(40), new AbortController().signal)).rejects.toThrow("git archive failed");
});

async function twoCommits(repository: string): Promise<[string, string]> {
  const tree = await git(repository, "hash-object", "-t", "tree", "-w", "/dev/null");
  const first = await git(repository, "commit-tree", tree, "-m", "First: é\n\nBody");
  return [first, await git(repository, "commit-tree", tree, "-p", first, "-m", "Second")];
}
