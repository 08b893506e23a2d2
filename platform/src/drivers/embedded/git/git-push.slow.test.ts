import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { extract } from "tar-stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../delivery/source/source-fixtures.ts";
import { APP, commitFile, git, isAlive, startGitRig, startPush } from "./git-fixtures.ts";

let rig: Awaited<ReturnType<typeof startGitRig>>;
let work: string;

beforeAll(async () => {
  rig = await startGitRig();
});
afterAll(() => rig.stop());

beforeEach(async () => {
  await rig.repositories.remove(APP.id);
  rig.builds.length = 0;
  work = await mkdtemp(join(rig.root, "work-"));
  await git(work, "init", "--quiet", "--initial-branch=main");
  await commitFile(work, "index.html", "hello", "First");
});

/** Pushes, lets the next build succeed, and returns the commit. */
async function deploy(cwd: string, ...args: string[]): Promise<string> {
  const before = rig.builds.length;
  const push = startPush(cwd, ...(args.length > 0 ? args : [rig.url(), "main"]));
  await eventually(() => rig.builds.length > before, "the build is created");
  await rig.builds[before]?.finish("succeeded");
  expect(await push.ended, push.text).toBe(0);
  return rig.builds[before]?.commit ?? "";
}

async function namesIn(digest: string): Promise<string[]> {
  const names: string[] = [];
  const reader = extract();
  const source = await rig.sources.read(digest);
  source.pipe(reader as unknown as NodeJS.WritableStream);
  for await (const entry of reader) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
}

describe("a push that is built", () => {
  it("shows the build's lines while it runs, and moves main when it has succeeded", async () => {
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 1, "the build is created");
    const build = rig.builds[0];
    const commit = await git(work, "rev-parse", "HEAD");
    expect(build).toMatchObject({ appId: APP.id, commit, commitMessage: "First", ref: "refs/heads/main" });
    expect(await rig.sources.has(build?.source ?? "")).toBe(true);
    for (const line of ["one", "two", "three"]) {
      build?.say(`-----> Step ${line}\n`);
      await eventually(() => push.text.includes(`remote: -----> Step ${line}`), "the line arrives");
    }
    expect(await git(work, "ls-remote", rig.url())).toBe("");
    await build?.finish("succeeded");
    expect(await push.ended).toBe(0);
    expect(await git(work, "ls-remote", rig.url(), "main")).toContain(commit);
    expect(push.text).toContain("Compressing source files... done.");
  });

  it("moves nothing when the build fails, and a retry of the same commit builds again", async () => {
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 1, "the build is created");
    await rig.builds[0]?.finish("failed", "No buildpack takes this source.\nAdd a package.json.");
    expect(await push.ended).toBe(1);
    expect(push.text).toContain("remote:  !     No buildpack takes this source.");
    expect(push.text).toContain("remote:  !     Add a package.json.");
    expect(push.text).toMatch(/! \[remote rejected\] main -> main \(build failed\)/);
    expect(await git(work, "ls-remote", rig.url())).toBe("");
    await deploy(work);
    expect(rig.builds).toHaveLength(2);
  });

  it("says when the build was cancelled", async () => {
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 1, "the build is created");
    await rig.builds[0]?.finish("cancelled");
    expect(await push.ended).toBe(1);
    expect(push.text).toContain("The build was cancelled.");
  });

  it("takes a forced push, and does nothing for a commit that is deployed", async () => {
    await deploy(work);
    expect(await startPush(work, rig.url(), "main").ended).toBe(0);
    expect(rig.builds).toHaveLength(1);
    await git(work, "commit", "--quiet", "--amend", "--message=Other");
    const plain = startPush(work, rig.url(), "main");
    expect(await plain.ended).toBe(1);
    const commit = await deploy(work, "--force", rig.url(), "main");
    expect(await git(work, "ls-remote", rig.url(), "main")).toContain(commit);
  });

  it("gives the same source for the same files, whatever the commit", async () => {
    await deploy(work);
    await git(work, "commit", "--quiet", "--allow-empty", "--message=Again");
    await deploy(work);
    expect(rig.builds[1]?.source).toBe(rig.builds[0]?.source);
  });

  it("builds the files that git archive would leave out, and links as they are", async () => {
    await commitFile(
      work,
      ".gitattributes",
      "secret.txt export-ignore\nversion.txt export-subst\n",
      "Attributes",
    );
    await symlink("/app/shared", join(work, "shared"));
    await writeFile(join(work, "secret.txt"), "kept");
    await git(work, "add", ".");
    await commitFile(work, "version.txt", "$Format:%H$", "Files");
    await deploy(work);
    const source = rig.builds[0]?.source ?? "";
    expect(await namesIn(source)).toEqual([
      ".gitattributes",
      "index.html",
      "secret.txt",
      "shared",
      "version.txt",
    ]);
    expect(rig.sources.kept.get(source)?.includes("$Format:%H$")).toBe(true);
  });

  it("builds master as well, and a clone then checks it out", async () => {
    const commit = await deploy(work, rig.url(), "main:master");
    await git(rig.root, "clone", "--quiet", rig.url(), join(work, "back"));
    expect(await git(join(work, "back"), "rev-parse", "HEAD")).toBe(commit);
  });
});

describe("clones", () => {
  it("gives back what was deployed", async () => {
    const commit = await deploy(work);
    await git(rig.root, "clone", "--quiet", rig.url(), join(work, "back"));
    expect(await git(join(work, "back"), "rev-parse", "HEAD")).toBe(commit);
    await commitFile(work, "more.txt", "more", "Second");
    const second = await deploy(work);
    await git(join(work, "back"), "pull", "--quiet");
    expect(await git(join(work, "back"), "rev-parse", "HEAD")).toBe(second);
  });

  it("clones an app to which nothing was pushed", async () => {
    await git(rig.root, "clone", "--quiet", rig.url(), join(work, "empty"));
    expect(await git(join(work, "empty"), "symbolic-ref", "HEAD")).toBe("refs/heads/main");
  });

  it("takes pushes from a shallow clone, and those can be cloned back", async () => {
    for (const n of [1, 2, 3, 4]) await commitFile(work, "n.txt", String(n), `Commit ${n}`);
    const shallow = join(work, "shallow");
    await git(rig.root, "clone", "--quiet", "--depth=2", `file://${work}`, shallow);
    const first = await deploy(shallow);
    await git(rig.root, "clone", "--quiet", rig.url(), join(work, "back"));
    expect(await git(join(work, "back"), "rev-parse", "HEAD")).toBe(first);
    expect(await git(join(work, "back"), "rev-list", "--count", "HEAD")).toBe("2");
    await commitFile(shallow, "n.txt", "5", "Commit 5");
    const second = await deploy(shallow);
    await git(join(work, "back"), "pull", "--quiet");
    expect(await git(join(work, "back"), "rev-parse", "HEAD")).toBe(second);
    await git(work, "pull", "--quiet", `file://${shallow}`, "main");
    await commitFile(work, "n.txt", "6", "Commit 6");
    await deploy(work);
  });
});

describe("what is not built", () => {
  it("stores another branch and a tag, and says that it is not built", async () => {
    await git(work, "branch", "feature");
    await git(work, "tag", "v1");
    const push = startPush(work, rig.url(), "feature", "v1");
    expect(await push.ended).toBe(0);
    expect(push.text).toContain("Stored the branch feature. It is not built: only main and master are.");
    expect(push.text).toContain("git push <remote> feature:main");
    expect(rig.builds).toHaveLength(0);
    expect(await git(work, "ls-remote", rig.url())).toMatch(/refs\/heads\/feature[\s\S]*refs\/tags\/v1/);
    expect(await startPush(work, rig.url(), "--delete", "feature").ended).toBe(0);
    expect(await git(work, "ls-remote", rig.url())).not.toContain("feature");
  });

  it("deploys main and stores the others of one push", async () => {
    await git(work, "branch", "feature");
    await deploy(work, "--all", rig.url());
    expect(await git(work, "ls-remote", rig.url())).toMatch(/refs\/heads\/feature[\s\S]*refs\/heads\/main/);
  });

  it("keeps main from being deleted", async () => {
    const commit = await deploy(work);
    const push = startPush(work, rig.url(), "--delete", "main");
    expect(await push.ended).toBe(1);
    expect(push.text).toContain("main shows what was deployed and cannot be deleted.");
    expect(await git(work, "ls-remote", rig.url(), "main")).toContain(commit);
  });

  it("refuses a commit without files", async () => {
    await git(work, "rm", "--quiet", "index.html");
    await git(work, "commit", "--quiet", "--message=Nothing");
    const push = startPush(work, rig.url(), "main");
    expect(await push.ended).toBe(1);
    expect(push.text).toContain("Push rejected: The source holds no files.");
    expect(rig.builds).toHaveLength(0);
  });

  it("refuses a repository with submodules, and names them", async () => {
    const commit = await git(work, "rev-parse", "HEAD");
    await git(work, "update-index", "--add", "--cacheinfo", `160000,${commit},themes/plain`);
    await git(work, "commit", "--quiet", "--message=Submodule");
    const push = startPush(work, rig.url(), "main");
    expect(await push.ended).toBe(1);
    expect(push.text).toContain("The repository has submodules");
    expect(push.text).toContain("themes/plain");
    expect(rig.builds).toHaveLength(0);
  });

  it("refuses a tag pushed as main, and says how to push its commit", async () => {
    await git(work, "tag", "--annotate", "--message=One", "v1");
    const push = startPush(work, rig.url(), "v1:refs/heads/main");
    expect(await push.ended).toBe(1);
    expect(push.text).toMatch(/<tag>\^\{\}:main|non-commit/);
  });

  it("warns of Git LFS pointers and builds", async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 12345\n`;
    await commitFile(work, "logo.png", pointer, "Pointer");
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 1, "the build is created");
    await rig.builds[0]?.finish("succeeded");
    expect(await push.ended).toBe(0);
    expect(push.text).toMatch(/A file is a Git LFS pointer[\s\S]*logo\.png/);
  });
});

describe("several at once", () => {
  it("accepts two pushes in the order they came and lets both wait", async () => {
    const first = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 1, "the first build");
    await commitFile(work, "second.txt", "2", "Second");
    const second = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds.length === 2, "the second build");
    rig.builds[1]?.say("Waiting for build-1\n");
    await eventually(() => second.text.includes("Waiting for build-1"), "the second push is told");
    await rig.builds[0]?.finish("succeeded");
    expect(await first.ended).toBe(0);
    await rig.builds[1]?.finish("succeeded");
    expect(await second.ended).toBe(0);
    expect(rig.builds.map((build) => build.commitMessage)).toEqual(["First", "Second"]);
    expect(await git(work, "ls-remote", rig.url(), "main")).toContain(rig.builds[1]?.commit);
  });

  it("goes on with the build when the client is killed, and leaves no process", async () => {
    const push = startPush(work, rig.url(), "main");
    await eventually(() => rig.builds[0]?.followers === 1, "the push follows its build");
    process.kill(-push.pid, "SIGKILL");
    await push.ended;
    await eventually(() => rig.builds[0]?.followers === 0, "the watching ends");
    await eventually(async () => !(await isAlive(rig.settings.folder)), "git's processes end");
    await rig.builds[0]?.finish("succeeded");
    expect(await git(work, "ls-remote", rig.url(), "main")).toContain(rig.builds[0]?.commit);
  });

  it("keeps no half pack of a client that is killed while it sends", async () => {
    await mkdir(join(work, "big"));
    for (let i = 0; i < 8; i += 1) await writeFile(join(work, "big", `${i}.bin`), noise(4 * 1024 * 1024));
    await git(work, "add", ".");
    await git(work, "commit", "--quiet", "--message=Big");
    const push = startPush(work, rig.url(), "main");
    await eventually(() => isAlive(rig.settings.folder), "git runs");
    process.kill(-push.pid, "SIGKILL");
    await push.ended;
    await eventually(async () => !(await isAlive(rig.settings.folder)), "git's processes end");
    await rm(join(work, "big"), { recursive: true });
  });
});

function noise(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  let state = 1;
  for (let i = 0; i < bytes; i += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE(state, i);
  }
  return content;
}
