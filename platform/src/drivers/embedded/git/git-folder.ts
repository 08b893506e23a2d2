import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GitSettings, runGit } from "./git-command.ts";

export interface GitFolderOptions {
  /** `CONIFER_HOME/git`. */
  readonly folder: string;
  /** Absolute path of the Node that runs the hook. */
  readonly nodePath: string;
  /** PATH for git and its children. */
  readonly path: string;
  /** Largest pack of one push, in bytes. Default 1 GiB. */
  readonly maxPackBytes?: number;
}

/** The oldest git with all we use: proc-receive (2.29) and GIT_CONFIG_GLOBAL (2.32). */
const OLDEST_GIT = [2, 32] as const;
const HOOK_PROGRAM = fileURLToPath(new URL("./proc-receive.ts", import.meta.url));

/**
 * Writes configuration, hook and template anew (a new version of Conifer may stand elsewhere), and says how git is to be run. Throws when there is no git, or one too old.
 */
export async function prepareGitFolder(options: GitFolderOptions): Promise<GitSettings> {
  const { folder, path, maxPackBytes = 1024 ** 3 } = options;
  const settings = { folder, configFile: join(folder, "config"), path, maxPackBytes, sweep: sweepOnce() };
  await mkdir(join(folder, "hooks"), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, "template", "info"), { recursive: true });
  await replaceFile(settings.configFile, gitConfig(settings));
  await replaceFile(join(folder, "hooks", "proc-receive"), hookScript(options.nodePath), 0o700);
  // Before every other attribute: a source is built whole, as Heroku's checkout is, not as `git archive` would trim it.
  await replaceFile(join(folder, "template", "info", "attributes"), "* -export-ignore -export-subst\n");
  await requireGit(settings);
  await removeMatching(folder, /^making-/);
  return settings;
}

async function requireGit(settings: GitSettings): Promise<void> {
  const text = await runGit(settings, ["version"], { cwd: settings.folder }).catch((cause) => {
    throw new Error("Conifer needs git, which is not installed. Install the package `git` and start again.", {
      cause,
    });
  });
  checkGitVersion(text);
}

/** Throws for what `git version` says of a git that is too old. */
export function checkGitVersion(text: string): void {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text)?.slice(1) ?? []).map(Number);
  if (major > OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor >= OLDEST_GIT[1])) return;
  throw new Error(
    `Conifer needs git ${OLDEST_GIT.join(".")} or newer; this is ${text.trim()}. Install a newer git.`,
  );
}

/**
 * Nobody uses a repository yet when it is first asked for: quarantines and locks in it belong to processes that are gone.
 * Not all repositories are looked through at the start, because there may be many thousands.
 */
function sweepOnce(): (repository: string) => Promise<void> {
  const swept = new Map<string, Promise<void>>();
  return (repository) => {
    const before = swept.get(repository);
    if (before) return before;
    const sweeping = sweepRepository(repository);
    swept.set(repository, sweeping);
    return sweeping;
  };
}

async function sweepRepository(repository: string): Promise<void> {
  await removeMatching(join(repository, "objects"), /^(tmp_objdir-|incoming-)/);
  await removeMatching(join(repository, "objects", "pack"), /^(tmp_|\.tmp-)/);
  await removeMatching(repository, /\.lock$/);
  await removeMatching(join(repository, "refs"), /\.lock$/, true);
}

async function removeMatching(folder: string, pattern: RegExp, recursive = false): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive }).catch(() => []);
  for (const entry of entries) {
    if (pattern.test(entry.name))
      await rm(join(entry.parentPath, entry.name), { recursive: true, force: true });
  }
}

async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}

function hookScript(nodePath: string): string {
  return `#!/bin/sh\nexec ${shellWord(nodePath)} --no-warnings ${shellWord(HOOK_PROGRAM)}\n`;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function gitConfig({ folder, maxPackBytes }: GitSettings): string {
  const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return `# Written by Conifer at each start.
[safe]
	directory = *
[init]
	defaultBranch = main
	templateDir = ${quoted(join(folder, "template"))}
[core]
	hooksPath = ${quoted(join(folder, "hooks"))}
	logAllRefUpdates = false
	fsync = committed,reference
	fsyncMethod = batch
[receive]
	procReceiveRefs = refs
	maxInputSize = ${maxPackBytes}
	fsckObjects = true
	denyNonFastForwards = false
	denyDeletes = false
	denyCurrentBranch = ignore
	denyDeleteCurrent = ignore
	advertiseAtomic = false
	advertisePushOptions = false
	autogc = false
# Old histories hold these slips; none of them can do harm.
[receive "fsck"]
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
	missingSpaceBeforeEmail = ignore
	missingNameBeforeEmail = ignore
	missingEmail = ignore
	zeroPaddedFilemode = ignore
	badDate = ignore
	badDateOverflow = ignore
	zeroPaddedDate = ignore
	missingTaggerEntry = ignore
	badTagName = ignore
	gitmodulesParse = ignore
[http]
	receivepack = true
	uploadpack = true
	getanyfile = false
[uploadpack]
	allowFilter = true
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	threads = 1
	windowMemory = 256m
[tar]
	umask = 0022
[protocol]
	allow = never
`;
}
