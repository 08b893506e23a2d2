import { adviceFor, type KnownFailure } from "../../shared/logged-tool.ts";

/** Before the general ones: the first that matches is told. */
const CAUSES: readonly KnownFailure[] = [
  {
    pattern:
      /lock file is not up to date with the latest changes in composer\.json[\s\S]*?(?:not present in the lock|does not satisfy|Required package)/,
    advice: [
      "composer.json and composer.lock do not agree. Run: composer update --lock && git add composer.lock",
    ],
  },
  {
    pattern:
      /requires? (?:PHP extension )?(ext-[\w-]+)[^\n]*(?:missing|not)|missing from your system[\s\S]*?(ext-[\w-]+)/,
    advice: ["PHP's extension $1 is needed. Ask for it, so that it is brought: composer require $1:*"],
  },
  {
    pattern: /requires php (\S[^\n]*?) (?:->|but) your php version|your php version \(([\d.]+)/i,
    advice: [
      "A package does not run on this PHP ($1). Resolve for the PHP that is here: composer config platform.php <version>,",
      "then composer update && git add composer.json composer.lock",
    ],
  },
  {
    pattern:
      /(?:HTTP\/[\d.]+ |status code |returned error: ?)(401|403)|Could not authenticate against (\S+)|Invalid credentials|Authentication required \((\S+)\)/i,
    advice: [
      "A source of packages refused the build ($1). Put its credential into a config var:",
      `  heroku config:set COMPOSER_AUTH='{"http-basic":{"<host>":{"username":"<user>","password":"<token>"}}}'`,
    ],
  },
  {
    pattern:
      /Could not find (?:a matching version of )?package (\S+?)[.,\s]|Root composer\.json requires (\S+?)[, ]/,
    advice: ["The package $1 is in none of the repositories of composer.json. Check its name and version."],
  },
  {
    pattern:
      /curl error \d+|Could not resolve host: (\S+)|failed to open stream|could not be fully loaded|Connection (?:refused|timed out)/,
    advice: [
      "A source of packages could not be reached ($1). Push again later, or name a mirror as a repository in composer.json.",
    ],
  },
  {
    pattern:
      /Allowed memory size of|Cannot allocate memory|Out of memory|Killed\b|proc_open\(\): fork failed/,
    advice: [
      "The build ran out of memory. Commit a composer.lock that is resolved: installing needs little memory.",
    ],
  },
  {
    pattern: /Script (.{1,80}?) handling the \S+ event returned/,
    advice: [
      "A script of composer.json fails ($1); its output is above. It runs in the build, without add-ons and without what only",
      "packages of development bring.",
    ],
  },
  {
    pattern: /git was not found|git: (?:command )?not found|unzip.*(?:not found|missing)/,
    advice: [
      "The base has no git or unzip, which a package needs. Add them to a file named Aptfile, a name a line.",
    ],
  },
];

/** What to do about a failure of Composer, by what it has written. */
export function phpAdvice(output: string): readonly string[] {
  return adviceFor(CAUSES, output);
}
