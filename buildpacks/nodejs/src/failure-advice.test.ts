import { describe, expect, it } from "vitest";
import type { ManagerKind } from "./choose-packager.ts";
import { adviceFor } from "./failure-advice.ts";

describe("what to do about what a package manager says", () => {
  it.each<[ManagerKind, string, string]>([
    [
      "npm",
      "npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.",
      "npm install && git add package-lock.json",
    ],
    ["pnpm", " ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with", "pnpm install && git add pnpm-lock.yaml"],
    ["yarn", "error Your lockfile needs to be updated, but", "yarn install && git add yarn.lock"],
    ["berry", "➤ YN0028: │ The lockfile would have been modified", "yarn install && git add yarn.lock"],
    ["pnpm", "ERR_PNPM_LOCKFILE_BREAKING_CHANGE", '"packageManager": "pnpm@9.15.9"'],
    ["pnpm", "[ERR_PNPM_IGNORED_BUILDS] Ignored build scripts: esbuild", "pnpm approve-builds"],
    ["npm", "npm error code E401", "heroku config:set NPM_TOKEN="],
    ["npm", "npm error code E403", "//registry.example.com/:_authToken=${" + "NPM_TOKEN}"],
    ["pnpm", " ERR_PNPM_FETCH_401  GET x: Unauthorized - 401", "NPM_TOKEN"],
    ["berry", "➤ YN0041: │ @me/x@npm: Invalid authentication", "npmAuthToken"],
    ["yarn", 'error An unexpected error occurred: "x: Request failed \\"401 Unauthorized\\"".', "NPM_TOKEN"],
    ["npm", "npm error code ERESOLVE\nnpm error unable to resolve dependency tree", "legacy-peer-deps=true"],
    ["pnpm", "ERR_PNPM_PEER_DEP_ISSUES", "strict-peer-dependencies=false"],
    [
      "npm",
      "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
      "--max-old-space-size=",
    ],
    ["npm", "gyp ERR! build error", "native code could not be compiled"],
    ["npm", "sh: 1: tsc: not found", "dependencies or devDependencies"],
    ["pnpm", "ERR_PNPM_UNSUPPORTED_ENGINE", '"engines"'],
    ["yarn", 'error x@1.0.0: The engine "node" is incompatible with this module.', '"engines"'],
  ])("%s: %s", (kind, output, words) => {
    expect(adviceFor(kind, `some line\n${output}\nanother`)?.join("\n")).toContain(words);
  });

  it.each(["", "npm error something else", "all went well"])("is nothing for %j", (output) => {
    expect(adviceFor("npm", output)).toBeUndefined();
  });
});
