import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CommitDescription, GitRepositories } from "../../../delivery/source/index.ts";
import { invalidParams, isId } from "../../../kernel/index.ts";
import { GitFailed, type GitSettings, runGit, streamGit } from "./git-command.ts";

/** For `update-ref`: the ref must not be there yet. */
const NO_COMMIT = "";

/** The bare repositories `CONIFER_HOME/git/<app id>.git`. */
export function makeGitRepositories(settings: GitSettings): GitRepositories {
  const at = (appId: string) => repositoryPath(settings, appId);
  const run = async (appId: string, ...args: string[]) => {
    await settings.sweep(at(appId));
    return await runGit(settings, args, { cwd: at(appId) });
  };
  const readRef = async (appId: string, ref: string) => {
    if (!existsSync(at(appId))) return undefined;
    const found = await run(appId, "for-each-ref", "--format=%(refname) %(objectname)", ref);
    return found
      .split("\n")
      .find((line) => line.startsWith(`${ref} `))
      ?.slice(ref.length + 1);
  };
  return {
    readRef,
    moveRef: async (appId, ref, { from, to }) => {
      if (!existsSync(at(appId))) return;
      const before = from === undefined ? NO_COMMIT : requireOid(from);
      if ((await readRef(appId, ref)) !== to) await run(appId, "update-ref", ref, requireOid(to), before);
      await run(appId, "symbolic-ref", "HEAD", ref);
    },
    describeCommit: (appId, commit) => describeCommit(settings, at(appId), requireOid(commit)),
    exportCommit: (appId, commit, signal) =>
      streamGit(settings, ["archive", "--format=tar", requireOid(commit)], { cwd: at(appId), signal }),
    remove: (appId) => rm(at(appId), { recursive: true, force: true }),
  };
}

export function repositoryPath(settings: GitSettings, appId: string): string {
  if (!isId(appId)) throw new Error(`not an app's id: ${appId}`);
  return join(settings.folder, `${appId}.git`);
}

/** Makes the app's repository unless it is there; one that is half made is never seen. */
export async function ensureRepository(settings: GitSettings, appId: string): Promise<void> {
  const path = repositoryPath(settings, appId);
  if (!existsSync(path)) await makeRepository(settings, path);
  // A new one too: swept later, it could be in use.
  await settings.sweep(path);
}

async function makeRepository(settings: GitSettings, path: string): Promise<void> {
  const making = join(settings.folder, `making-${randomUUID()}`);
  try {
    await mkdir(making, { mode: 0o700 });
    await runGit(settings, ["init", "--quiet", "--bare"], { cwd: making });
    await rename(making, path);
  } catch (cause) {
    await rm(making, { recursive: true, force: true });
    if (!existsSync(path)) throw new Error("the app's repository could not be made", { cause });
  }
}

/** Refuses what is no object name, so that nothing a client sends can be read as an option. */
function requireOid(text: string): string {
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)) throw invalidParams(`${text} is not a commit.`);
  return text;
}

async function describeCommit(
  settings: GitSettings,
  cwd: string,
  commit: string,
): Promise<CommitDescription> {
  const kind = (await runGit(settings, ["cat-file", "-t", commit], { cwd })).trim();
  if (kind !== "commit") {
    throw invalidParams(
      `This is a ${kind}, not a commit. To deploy a tag, push the commit it names: <tag>^{}:main.`,
    );
  }
  const [subject, tree] = await Promise.all([
    runGit(settings, ["log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%s", commit], {
      cwd,
    }),
    runGit(settings, ["ls-tree", "-r", "-z", "--full-tree", commit], { cwd }),
  ]).catch((thrown) => {
    if (thrown instanceof GitFailed)
      throw invalidParams("The commit cannot be read. Push it again from a full clone.");
    throw thrown;
  });
  const submodules = tree.split("\0").filter((entry) => entry.startsWith("160000 "));
  return {
    subject: subject.trimEnd(),
    submodules: submodules.map((entry) => entry.slice(entry.indexOf("\t") + 1)),
  };
}
