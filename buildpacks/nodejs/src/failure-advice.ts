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
    words: /heap out of memory|Allocation failed - JavaScript heap/,
    advice: () => [
      "The script needed more memory than its heap may have. Give it more, where the machine has it:",
      "  heroku config:set NODE_OPTIONS=--max-old-space-size=6144",
    ],
  },
  {
    words: /gyp ERR!|node-gyp/,
    advice: () => [
      "A package with native code could not be compiled. See the first error above: often a library is missing, or the package is too old for this Node.js.",
    ],
  },
  {
    words: /: not found|command not found/,
    advice: () => [
      "A script called a program that is not there. Packages that scripts call belong into dependencies or devDependencies.",
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
export function adviceFor(kind: ManagerKind, output: string): readonly string[] | undefined {
  for (const { words, advice } of CAUSES) {
    const found = words.exec(output);
    if (found !== null) return advice(kind, found);
  }
  return undefined;
}
