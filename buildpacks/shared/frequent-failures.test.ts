import { describe, expect, it } from "vitest";
import { goAdvice } from "../go/src/go-failures.ts";
import { javaAdvice } from "../java/src/java-failures.ts";
import { chooseManager } from "../nodejs/src/choose-packager.ts";
import { adviceFor as nodeAdvice } from "../nodejs/src/failure-advice.ts";
import { parsePackageJson } from "../nodejs/src/package-json.ts";
import { readComposer } from "../php/src/composer-files.ts";
import { phpAdvice } from "../php/src/php-failures.ts";
import { pythonAdvice } from "../python/src/python-failures.ts";
import { webCommand } from "../python/src/python-processes.ts";
import { chooseManager as choosePythonManager } from "../python/src/python-project.ts";
import { rubyAdvice } from "../ruby/src/ruby-failures.ts";
import { BuildFailure } from "./build-failure.ts";
import { resolveNode } from "./resolve-node.ts";

// What pushes end with when they fail as pushes commonly do. Outputs are those of the tools themselves, shortened to the lines
// around the cause; each is told with its likely cause, and with the line to change or the command to type.

const tools = {
  npm: (output: string) => nodeAdvice("npm", output),
  pnpm: (output: string) => nodeAdvice("pnpm", output),
  yarn: (output: string) => nodeAdvice("yarn", output),
  berry: (output: string) => nodeAdvice("berry", output),
  python: pythonAdvice,
  go: goAdvice,
  java: javaAdvice,
  ruby: rubyAdvice,
  php: phpAdvice,
};

interface Told {
  readonly failure: string;
  readonly tool: keyof typeof tools;
  readonly output: string;
  /** Words of the sentence with the cause. */
  readonly cause: string;
  /** What to change or to type. */
  readonly line: string;
}

const TOLD: readonly Told[] = [
  {
    ...{ failure: "1. wrong runtime version, of a package", tool: "npm" },
    output: `npm error code EBADENGINE
npm error engine Unsupported engine
npm error engine Not compatible with your version of node/npm: a@1.0.0
npm error notsup Required: {"node":"18.x"}
npm error notsup Actual:   {"node":"v24.21.0","npm":"11.21.2"}`,
    ...{ cause: "does not run on this Node.js", line: '"engines": { "node": "24.x" }' },
  },
  {
    ...{ failure: "2. lock file behind its manifest", tool: "npm" },
    output: `npm error code EUSAGE
npm error
npm error \`npm ci\` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with \`npm install\` before continuing.
npm error
npm error Missing: ms@2.1.3 from lock file`,
    ...{
      cause: "package.json and package-lock.json disagree",
      line: "npm install && git add package-lock.json",
    },
  },
  {
    ...{ failure: "3. peer-dependency conflict", tool: "npm" },
    output: `npm error code ERESOLVE
npm error ERESOLVE unable to resolve dependency tree
npm error
npm error While resolving: a@1.0.0
npm error Found: react@19.0.0
npm error node_modules/react
npm error   react@"19.0.0" from the root project
npm error
npm error Could not resolve dependency:
npm error peer react@"17.0.2" from react-dom@17.0.2`,
    ...{
      cause: "Two packages want different versions of a third",
      line: "echo legacy-peer-deps=true >> .npmrc",
    },
  },
  {
    ...{ failure: "4. private registry that answers 401", tool: "npm" },
    output: `npm error code E401
npm error Incorrect or missing password.
npm error If you were trying to login, change your password, create an authentication token or enable two-factor authentication then that means you likely typed your password in incorrectly.`,
    ...{ cause: "it needs a token", line: "heroku config:set NPM_TOKEN=" },
  },
  {
    ...{ failure: "5. package that the registry does not have", tool: "npm" },
    output: `npm error code E404
npm error 404 Not Found - GET https://registry.npmjs.org/@acme%2fprivate-thing
npm error 404
npm error 404  The requested resource '@acme/private-thing@1.0.0' could not be found or you do not have permission to access it.`,
    ...{ cause: "no package @acme/private-thing@1.0.0", line: ".npmrc: @your-scope:registry=" },
  },
  {
    ...{ failure: "6. version that was never published", tool: "npm" },
    output: `npm error code ETARGET
npm error notarget No matching version found for ms@99.0.0.
npm error notarget In most cases you or one of your dependencies are requesting a package version that doesn't exist.`,
    ...{ cause: "(ms@99.0.0)", line: "npm view <name> versions" },
  },
  {
    ...{ failure: "7. failing postinstall", tool: "npm" },
    output: `npm error code 3
npm error path /tmp/capt/post/node_modules/dep
npm error command failed
npm error command sh -c node -e "console.error(\\"cannot download the binary\\");process.exit(3)"
npm error cannot download the binary`,
    ...{ cause: "The install script of the package dep failed", line: "echo ignore-scripts=true >> .npmrc" },
  },
  {
    ...{ failure: "8. script that calls a program which is not there", tool: "npm" },
    output: `> a@1.0.0 postinstall
> prisma generate

sh: 1: prisma: not found
npm error code 127
npm error path /workspace
npm error command failed
npm error command sh -c prisma generate`,
    ...{ cause: "called prisma, which is not there", line: "npm install --save-dev" },
  },
  {
    ...{ failure: "9. out of memory", tool: "npm" },
    output: `[2512:0x3b406000]      433 ms: Mark-Compact 18.5 (27.8) -> 18.3 (27.3) MB, pooled: 0 MB, 19.32 / 0.00 ms
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----
Aborted`,
    ...{ cause: "more memory than its heap may have", line: "NODE_OPTIONS=--max-old-space-size=" },
  },
  {
    ...{ failure: "9. out of memory, killed", tool: "npm" },
    output: "> a@1.0.0 build\n> webpack\n\nKilled",
    ...{ cause: "ended for want of memory", line: "NODE_OPTIONS=--max-old-space-size=" },
  },
  {
    ...{ failure: "10. checksum that differs", tool: "npm" },
    output: `npm error code EINTEGRITY
npm error Integrity checksum failed when using sha512: wanted sha512-7FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA== but got sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==.`,
    ...{
      cause: "not the one that the lock file has the checksum of",
      line: "rm -rf node_modules package-lock.json",
    },
  },
  {
    ...{ failure: "11. registry that cannot be reached", tool: "npm" },
    output: `npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error errno ENOTFOUND
npm error network request to http://nowhere.invalid/@acme%2fx failed, reason: getaddrinfo ENOTFOUND nowhere.invalid`,
    ...{ cause: "could not be reached", line: ".npmrc: registry=" },
  },
  {
    ...{ failure: "12. dependency from a git repository that builds cannot read", tool: "npm" },
    output: `npm error code 128
npm error An unknown git error occurred
npm error command git --no-replace-objects ls-remote ssh://git@127.0.0.1:9/acme/x.git
npm error ssh: connect to host 127.0.0.1 port 9: Connection refused
npm error fatal: Could not read from remote repository.`,
    ...{ cause: "a repository that builds cannot read", line: "git+https://<token>@" },
  },
  {
    ...{ failure: "13. missing native library", tool: "python" },
    output: `      Error: pg_config executable not found.

      pg_config is required to build psycopg2 from source.  Please add the directory
      containing pg_config to the $PATH or specify the full executable path with the
      option:`,
    ...{ cause: "Native code needs pg_config", line: "echo libpq-dev >> Aptfile" },
  },
  {
    ...{ failure: "13. missing native library", tool: "npm" },
    output: `npm error gyp info spawn args [ 'BUILDTYPE=Release', '-C', 'build' ]
npm error ../src/canvas.cc:1:10: fatal error: cairo.h: No such file or directory
npm error gyp ERR! build error`,
    ...{ cause: "Native code needs cairo.h", line: "echo libcairo2-dev >> Aptfile" },
  },
  {
    ...{ failure: "14. package without a wheel where there is no compiler", tool: "python" },
    output: "      error: command 'gcc' failed: No such file or directory",
    ...{ cause: "the base has no gcc", line: "pip download --only-binary=:all:" },
  },
  {
    ...{ failure: "15. code that does not compile", tool: "npm" },
    output: `> a@1.0.0 build
> tsc -p .

src/a.ts(1,60): error TS2322: Type 'string' is not assignable to type 'number'.`,
    ...{ cause: "The code does not compile", line: "npx tsc --noEmit" },
  },
  {
    ...{ failure: "15. code that does not compile, in colors", tool: "npm" },
    output: `> app@0.0.1 build
> nest build

\u001b[96msrc/app.controller.ts\u001b[0m:\u001b[93m10\u001b[0m - \u001b[91merror\u001b[0m\u001b[90m TS2339: \u001b[0mProperty 'getHello' does not exist`,
    ...{ cause: "The code does not compile", line: "npx tsc --noEmit" },
  },
  {
    ...{ failure: "16. import of a file by other capitals", tool: "npm" },
    output:
      "src/a.ts(1,19): error TS2307: Cannot find module './Header' or its corresponding type declarations.",
    ...{ cause: "./Header, a file that is not there", line: "git mv" },
  },
  {
    ...{ failure: "16. import of a package that is not named", tool: "npm" },
    output:
      'x Build failed in 27ms\n[vite]: Rollup failed to resolve import "dayjs" from "/workspace/src/main.js".',
    ...{ cause: "package.json does not name: dayjs", line: "npm install dayjs" },
  },
  {
    ...{ failure: "17. tool that is older than OpenSSL 3", tool: "yarn" },
    output: `Error: error:0308010C:digital envelope routines::unsupported
  opensslErrorStack: [ 'error:03000086:digital envelope routines::initialization error' ],
  code: 'ERR_OSSL_EVP_UNSUPPORTED'`,
    ...{ cause: "older than OpenSSL 3", line: "NODE_OPTIONS=--openssl-legacy-provider" },
  },
];

/** Failures that the buildpacks find out before any tool runs. */
const FOUND: readonly { failure: string; fails: () => unknown; what: string; line: string }[] = [
  {
    failure: "18. wrong runtime version, that nobody has (Node.js)",
    fails: () =>
      resolveNode(
        { range: "14.x", statedIn: "engines.node in package.json" } as Parameters<typeof resolveNode>[0],
        [{ name: "the registry", versions: async () => ["24.1.0", "22.4.0"] }] as unknown as Parameters<
          typeof resolveNode
        >[1],
        () => undefined,
      ),
    what: "No Node.js version fits 14.x (engines.node in package.json).",
    line: '"engines": { "node": "24.x" }',
  },
  {
    failure: "19. two lock files (Node.js)",
    fails: () => chooseManager(parsePackageJson("{}"), { "package-lock.json": "{}", "yarn.lock": "" }),
    what: "The app has two lock files, package-lock.json and yarn.lock.",
    line: "git rm yarn.lock",
  },
  {
    failure: "19. two lock files (Python)",
    fails: () => choosePythonManager(new Set(["poetry.lock", "requirements.txt"])),
    what: "The app has files of 2 package managers",
    line: "git rm requirements.txt",
  },
  {
    failure: "20. missing lock file (Python)",
    fails: () => choosePythonManager(new Set(["Pipfile"])),
    what: "There is a Pipfile but no Pipfile.lock",
    line: "pipenv lock && git add Pipfile.lock",
  },
  {
    failure: "20. missing lock file (PHP)",
    fails: () => {
      const read = readComposer('{"require":{"acme/a":"^1"}}', undefined);
      throw read.ok ? new Error("it was taken") : new BuildFailure(read.message, read.advice);
    },
    what: "There is no composer.lock",
    line: "composer update && git add composer.lock",
  },
  {
    failure: "21. missing start command (Python)",
    fails: () => {
      const found = webCommand({ packages: new Set(["bottle", "gunicorn"]), modules: new Map() });
      throw found.kind === "none" ? new BuildFailure(found.missing, [found.example]) : new Error(found.line);
    },
    what: "The app says nowhere how it starts.",
    line: "web: gunicorn app:app",
  },
];

describe("a push that fails for a common reason is told why, and which line to change", () => {
  it.each(TOLD)("$failure ($tool)", ({ tool, output, cause, line }) => {
    const advice = tools[tool](`npm warn something else\n${output}\n`)?.join("\n") ?? "";
    expect(advice).toContain(cause);
    expect(advice).toContain(line);
  });

  it.each(FOUND)("$failure", async ({ fails, what, line }) => {
    const failure = await Promise.resolve()
      .then(fails)
      .then(
        () => undefined,
        (thrown: BuildFailure) => thrown,
      );
    expect(failure).toBeInstanceOf(BuildFailure);
    expect(failure?.message).toContain(what);
    expect(failure?.advice.join("\n")).toContain(line);
  });
});
