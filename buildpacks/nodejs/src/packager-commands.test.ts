import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ManagerKind } from "./choose-packager.ts";
import { type InstallWish, installArgs, pruneArgs, relockCommand } from "./packager-commands.ts";

const LOCKED = { locked: true, dev: true };
const LAUNCH = { locked: true, dev: false };

describe("an installation", () => {
  it.each<[ManagerKind, string, InstallWish, string]>([
    ["npm", "11.6.2", LOCKED, "ci --include=dev"],
    ["npm", "11.6.2", LAUNCH, "ci --omit=dev"],
    ["npm", "6.14.18", LAUNCH, "ci --production"],
    ["npm", "6.14.18", LOCKED, "ci --production=false"],
    ["npm", "11.6.2", { locked: false, dev: true }, "install --include=dev --no-package-lock"],
    ["pnpm", "10.34.9", LOCKED, "install --frozen-lockfile --prod=false"],
    ["pnpm", "8.15.9", LAUNCH, "install --frozen-lockfile --prod"],
    [
      "pnpm",
      "10.34.9",
      { locked: false, dev: true },
      "install --no-frozen-lockfile --no-lockfile --prod=false",
    ],
    ["yarn", "1.22.22", LOCKED, "install --frozen-lockfile --non-interactive --production=false"],
    [
      "yarn",
      "1.22.22",
      { locked: false, dev: false },
      "install --no-lockfile --non-interactive --production=true",
    ],
    ["berry", "4.18.1", LOCKED, "install --immutable"],
    ["berry", "4.18.1", { ...LOCKED, zeroInstall: true }, "install --immutable --immutable-cache"],
    ["berry", "3.8.7", { locked: false, dev: true }, "install"],
    ["berry", "4.18.1", LAUNCH, "install --immutable"],
  ])("by %s %s for %j", (kind, version, wish, args) => {
    expect(installArgs({ kind, version }, wish).join(" ")).toBe(args);
  });

  it("with a lock file always says that it must not change", () => {
    const kinds = fc.constantFrom<ManagerKind>("npm", "pnpm", "yarn", "berry");
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 12 }), fc.boolean(), (kind, line, zeroInstall) => {
        const words = installArgs({ kind, version: `${line}.0.0` }, { ...LOCKED, zeroInstall });
        expect(words.some((word) => ["ci", "--frozen-lockfile", "--immutable"].includes(word))).toBe(true);
      }),
    );
  });
});

describe("taking development packages out", () => {
  const state = { locked: true, workspaces: false, focusPlugin: false };
  it.each<[ManagerKind, string, Partial<typeof state>, string | undefined]>([
    ["npm", "11.6.2", {}, "prune --omit=dev --ignore-scripts"],
    ["npm", "6.14.18", {}, "prune --production --ignore-scripts"],
    ["pnpm", "10.34.9", {}, "prune --prod --ignore-scripts"],
    ["pnpm", "8.5.0", {}, "prune --prod"],
    ["pnpm", "10.34.9", { workspaces: true }, "install --frozen-lockfile --prod --offline --ignore-scripts"],
    [
      "yarn",
      "1.22.22",
      {},
      "install --frozen-lockfile --non-interactive --production=true --ignore-scripts --prefer-offline",
    ],
    ["berry", "4.18.1", {}, "workspaces focus --all --production"],
    ["berry", "3.8.7", { focusPlugin: true }, "workspaces focus --all --production"],
    ["berry", "3.8.7", {}, undefined],
  ])("by %s %s with %j", (kind, version, change, args) => {
    expect(pruneArgs({ kind, version }, { ...state, ...change })?.join(" ")).toBe(args);
  });
});

it.each<[ManagerKind, string]>([
  ["npm", "npm install"],
  ["pnpm", "pnpm install"],
  ["yarn", "yarn install"],
  ["berry", "yarn install"],
])("a lock file of %s is made anew by %s", (kind, command) => {
  expect(relockCommand(kind)).toBe(command);
});
