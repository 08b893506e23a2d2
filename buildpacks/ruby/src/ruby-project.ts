import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { BuildFailure } from "../../shared/build-failure.ts";
import { type GemfileLock, locksPlatform, readGemfileLock } from "./gemfile-lock.ts";
import { type RubyRequirement, rubyRequirement } from "./ruby-version.ts";

/** What the source says. */
export interface RubyProject {
  /** `Gemfile` or `gems.rb`. */
  readonly gemfileName: string;
  readonly gemfile: string;
  readonly lockText: string;
  readonly lock: GemfileLock;
  readonly requirement: RubyRequirement;
}

/** Larger ones than any app has; bytes. */
const LONGEST_LOCK = 8 * 1024 * 1024;

/**
 * Reads what the source says of its gems and its Ruby.
 * @throws BuildFailure when the lock file is missing or cannot be used here
 */
export async function readRubyProject(appDir: string, arch: string): Promise<RubyProject> {
  const read = (name: string) => readFile(path.join(appDir, name), "utf8").catch(() => undefined);
  const gemfileName = existsSync(path.join(appDir, "Gemfile")) ? "Gemfile" : "gems.rb";
  const lockName = gemfileName === "Gemfile" ? "Gemfile.lock" : "gems.locked";
  if (gemfileName === "Gemfile" && existsSync(path.join(appDir, "gems.rb"))) {
    throw new BuildFailure(
      "There are two manifests, Gemfile and gems.rb, each with a lock file of its own.",
      ["Keep the one that is meant: git rm gems.rb gems.locked"],
    );
  }
  const [gemfile = "", lockText] = [await read(gemfileName), await read(lockName)];
  if (lockText === undefined) {
    throw new BuildFailure(
      `There is no ${lockName}, so that nothing says which versions of gems to install.`,
      [`Make it, and see that .gitignore does not name it: bundle lock && git add ${lockName}`],
    );
  }
  if (lockText.length > LONGEST_LOCK)
    throw new BuildFailure(`${lockName} is longer than ${LONGEST_LOCK} bytes.`);
  const lock = readGemfileLock(lockText);
  if (lock.conflicted) {
    throw new BuildFailure(`${lockName} holds the marks of a merge that was not ended (<<<<<<<).`, [
      `Take one side and resolve anew: git checkout --ours ${lockName} && bundle lock`,
    ]);
  }
  if (!locksPlatform(lock, arch)) {
    const platform = arch === "arm64" ? "aarch64-linux" : "x86_64-linux";
    throw new BuildFailure(
      `${lockName} is resolved for ${lock.platforms.join(", ")} and not for this machine (${platform}).`,
      [`Add it: bundle lock --add-platform ${platform} && git add ${lockName}`],
    );
  }
  const result = rubyRequirement({
    gemfile,
    locked: lock.ruby,
    rubyVersion: await read(".ruby-version"),
    toolVersions: await read(".tool-versions"),
  });
  if (!result.ok) throw new BuildFailure(result.message, result.advice);
  return { gemfileName, gemfile, lockText, lock, requirement: result.requirement };
}
