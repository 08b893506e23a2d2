import { stripVTControlCharacters } from "node:util";
import { libraryAdvice } from "../../shared/native-libraries.ts";
import type { ManagerKind } from "./choose-packager.ts";
import { relockCommand } from "./packager-commands.ts";

interface Cause {
  /** What the manager or its tools write. */
  readonly words: RegExp;
  readonly advice: (kind: ManagerKind, words: RegExpExecArray) => readonly string[];
}

const NAME_OF_LOCK = {
  npm: "package-lock.json",
  pnpm: "pnpm-lock.yaml",
  yarn: "yarn.lock",
  berry: "yarn.lock",
};

/** As settings files name it. */
const VARIABLE = "$" + "{NPM_TOKEN}";

/** Ordinary causes, in the words of npm, pnpm and Yarn; the first that is found is told. */
const CAUSES: readonly Cause[] = [
  {
    words:
      /can only install packages when your package\.json and .* are in sync|ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_(?:CONFIG|MISSING)|Your lockfile needs to be updated|YN0028|lockfile would have been modified/,
    advice: (kind) => [
      `package.json and ${NAME_OF_LOCK[kind]} disagree. Make them agree, and push again:`,
      `  ${relockCommand(kind)} && git add ${NAME_OF_LOCK[kind]} && git commit -m "Update the lock file"`,
    ],
  },
  {
    words:
      /ERR_PNPM_LOCKFILE_BREAKING_CHANGE|not compatible with the current pnpm|lockfile is not compatible/i,
    advice: () => [
      "The lock file was written by another line of the package manager. Name the one you use in package.json:",
      '  "packageManager": "pnpm@9.15.9"',
    ],
  },
  {
    words: /ERR_PNPM_IGNORED_BUILDS/,
    advice: () => [
      "pnpm runs no install scripts of packages that were not approved. Approve those you trust, and commit what it writes:",
      "  pnpm approve-builds && git add pnpm-workspace.yaml package.json",
    ],
  },
  {
    words:
      /\bE401\b|ERR_PNPM_FETCH_401|\b401 Unauthorized|YN0041|\bE403\b|ERR_PNPM_FETCH_403|\b403 Forbidden/,
    advice: (kind) => [
      "A registry refused the build: it needs a token. Set it as a config var, and name the variable in the settings file:",
      "  heroku config:set NPM_TOKEN=…",
      kind === "berry"
        ? `  .yarnrc.yml: npmAuthToken: "${VARIABLE}"`
        : `  .npmrc: //registry.example.com/:_authToken=${VARIABLE}`,
    ],
  },
  {
    words: /\bERESOLVE\b|ERR_PNPM_PEER_DEP_ISSUES/,
    advice: (kind) => [
      "Two packages want different versions of a third. Take versions that agree; or, as on your machine, let them be:",
      kind === "npm"
        ? "  echo legacy-peer-deps=true >> .npmrc"
        : "  echo strict-peer-dependencies=false >> .npmrc",
    ],
  },
  {
    words: /\bEINTEGRITY\b|ERR_PNPM_TARBALL_INTEGRITY|YN0018|Integrity check failed/,
    advice: (kind) => [
      "A package is not the one that the lock file has the checksum of: it was replaced, or a mirror changed it. Lock it anew:",
      `  rm -rf node_modules ${NAME_OF_LOCK[kind]} && ${relockCommand(kind)} && git add ${NAME_OF_LOCK[kind]}`,
    ],
  },
  {
    words:
      /\bE404\b[\s\S]{0,1000}?'(@?[^'\s]+)' (?:is not in this registry|could not be found)|ERR_PNPM_FETCH_404[\s\S]{0,200}?\/(\S+?): Not Found|Couldn't find package "([^"]+)"|\b(?:E404|YN0035)\b/,
    advice: (_, [, npm, pnpm, yarn]) => [
      `The registry has no package ${npm ?? pnpm ?? yarn ?? "of that name"}. Its name is wrong, or it is private and lives in another registry:`,
      "  .npmrc: @your-scope:registry=https://npm.example.com/",
    ],
  },
  {
    words:
      /\bETARGET\b[\s\S]{0,500}?No matching version found for (\S+?)\.?\s|ERR_PNPM_NO_MATCHING_VERSION[\s\S]{0,200}?found for (\S+)|Couldn't find any versions for "([^"]+)"|\b(?:ETARGET|YN0082)\b/,
    advice: (kind, [, npm, pnpm, yarn]) => [
      `No version of a package is what package.json asks for (${npm ?? pnpm ?? yarn ?? "see above"}): it was never published, or was withdrawn.`,
      `  npm view <name> versions    shows which there are; correct package.json, then: ${relockCommand(kind)}`,
    ],
  },
  {
    words:
      /Permission denied \(publickey|Host key verification failed|could not read (?:Username|Password)|code 128[\s\S]{0,300}?git|spawn git ENOENT|exit code: 128[\s\S]{0,200}?git/,
    advice: () => [
      "A dependency is fetched by git from a repository that builds cannot read. Publish it in a registry, or name it with a token:",
      `  npm pkg set "dependencies.<name>=git+https://<token>@example.com/acme/name.git"`,
    ],
  },
  {
    words: /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ERR_SOCKET_TIMEOUT)\b/,
    advice: () => [
      "A registry or another server could not be reached. Push again later; where an address of your own is wrong, correct it:",
      "  .npmrc: registry=https://registry.npmjs.org/",
    ],
  },
  {
    words: /heap out of memory|Allocation failed - JavaScript heap/,
    advice: () => [
      "The script needed more memory than its heap may have. Give it more, where the machine has it:",
      "  heroku config:set NODE_OPTIONS=--max-old-space-size=6144",
    ],
  },
  {
    words: /^Killed$|\bENOMEM\b|SIGKILL/m,
    advice: () => [
      "The build was ended for want of memory. Have its tools take less at once:",
      "  heroku config:set NODE_OPTIONS=--max-old-space-size=1536",
    ],
  },
  {
    words: /\bENOSPC\b|no space left on device/i,
    advice: () => [
      "The build has no room left on its disk. Clear what is kept from build to build, and push again:",
      "  heroku api DELETE /apps/<app>/build-cache",
    ],
  },
  {
    words: /ERR_OSSL_EVP_UNSUPPORTED|digital envelope routines::unsupported/,
    advice: () => [
      "A tool of the build is older than OpenSSL 3, which Node.js has since version 17. Update it, or allow what it uses:",
      "  heroku config:set NODE_OPTIONS=--openssl-legacy-provider",
    ],
  },
  {
    words: /gyp ERR!|node-gyp/,
    advice: () => [
      "A package with native code could not be compiled. See the first error above: often it is too old for this Node.js. Take a newer one:",
      "  npm outdated",
    ],
  },
  {
    words:
      /(?:^|\s)(?:\S*sh: )?(?:\d+: |line \d+: )?([\w@./-]+): (?:command )?not found|command not found: (\S+)/m,
    advice: (_, [, name, zsh]) => [
      `A script called ${name ?? zsh}, which is not there. Packages that scripts call belong into dependencies or devDependencies:`,
      "  npm install --save-dev <the package that brings it>",
    ],
  },
  {
    words:
      /(?:Can't resolve|Could not resolve|Cannot find module|[Ff]ailed to resolve import) ['"](\.[^'"]+|[@~]\/[^'"]+)['"]/,
    advice: (_, [, name]) => [
      `An import names ${name}, a file that is not there. Here capitals count in names of files, other than on macOS and Windows:`,
      `  git mv <the file> <its name as it is imported>`,
    ],
  },
  {
    words:
      /(?:Can't resolve|Could not resolve|Cannot find module|Cannot find package|[Ff]ailed to resolve import) ['"]((?:@[\w.-]+\/)?[\w][\w.-]*)/,
    advice: (kind, [, name]) => [
      `A package is imported that package.json does not name: ${name}. Add it:`,
      `  ${kind === "npm" ? "npm install" : `${kind === "pnpm" ? "pnpm" : "yarn"} add`} ${name}`,
    ],
  },
  {
    words: /error TS\d+:|Type error:|TypeScript error/,
    advice: () => [
      "The code does not compile: correct the first error above. On your machine the same is told by:",
      "  npx tsc --noEmit",
    ],
  },
  {
    words:
      /npm err(?:or|!) path \S*?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\s[\s\S]{0,200}?npm err(?:or|!) command (?:failed|sh)|node_modules\/((?:@[^/\s]+\/)?[^/\s]+) (?:post|pre)?install: Failed|YN0009: │ ((?:@[^/@\s]+\/)?[^@\s]+)|error [^\n]*?node_modules\/((?:@[^/\s]+\/)?[^/:\s]+): Command failed/i,
    advice: (_, [, npm, pnpm, berry, yarn]) => [
      `The install script of the package ${npm ?? pnpm ?? berry ?? yarn} failed; often it downloads a program that builds cannot reach. Its words are above.`,
      "  Take a version that brings its program along, or leave such scripts out: echo ignore-scripts=true >> .npmrc",
    ],
  },
  {
    words: /EBADENGINE|ERR_PNPM_UNSUPPORTED_ENGINE|The engine "node" is incompatible/,
    advice: () => [
      "A package does not run on this Node.js. Ask for a version that suits it in package.json:",
      '  "engines": { "node": "24.x" }',
    ],
  },
];

/** What to do about a failure, by what was written before it; undefined where nothing known stands there. */
export function adviceFor(kind: ManagerKind, written: string): readonly string[] | undefined {
  const output = stripVTControlCharacters(written);
  const library = libraryAdvice(output);
  if (library !== undefined) return library;
  for (const { words, advice } of CAUSES) {
    const found = words.exec(output);
    if (found !== null) return advice(kind, found);
  }
  return undefined;
}
