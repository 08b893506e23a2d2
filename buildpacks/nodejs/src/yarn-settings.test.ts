import { describe, expect, it } from "vitest";
import { readYarnSettings } from "./yarn-settings.ts";

const read = (text: string, files: readonly string[] = []) =>
  readYarnSettings(text, (name) => files.includes(name));

describe("settings of Yarn 2 and later", () => {
  it.each([
    ["", "pnp"],
    ["nodeLinker: node-modules\n", "node-modules"],
    ['nodeLinker: "node-modules" # ours\r\n', "node-modules"],
    ["nodeLinker: 'pnpm'", "pnpm"],
    ["nodeLinker: pnp", "pnp"],
    ["# nodeLinker: node-modules", "pnp"],
    ["  nodeLinker: node-modules", "pnp"],
  ])("%j links as %s", (text, linker) => {
    expect(read(text).linker).toBe(linker);
  });

  it.each([
    [
      "yarnPath: .yarn/releases/yarn-4.1.0.cjs",
      [".yarn/releases/yarn-4.1.0.cjs"],
      ".yarn/releases/yarn-4.1.0.cjs",
      false,
    ],
    ['yarnPath: "./y.cjs"', ["y.cjs"], "y.cjs", false],
    ["yarnPath: .yarn/releases/yarn-4.1.0.cjs", [], undefined, true],
    ["yarnPath: ../y.cjs", ["../y.cjs"], undefined, true],
    ["yarnPath: /bin/sh", ["/bin/sh"], undefined, true],
    ["", ["y.cjs"], undefined, false],
  ])("%j with %j runs %s", (text, files, program, programIsMissing) => {
    expect(read(text, files)).toMatchObject({ program, programIsMissing });
  });

  it.each([
    ["", [".yarn/cache"], true],
    ["", [], false],
    ["cacheFolder: ./vendor", ["vendor"], true],
    ["cacheFolder: ./vendor", [".yarn/cache"], false],
  ])("%j with %j fetches nothing: %s", (text, files, zeroInstall) => {
    expect(read(text, files)).toMatchObject({ zeroInstall });
  });

  it("say which plug-ins there are", () => {
    const text =
      'plugins:\n  - path: .yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs\n    spec: "@yarnpkg/plugin-workspace-tools"\n';
    expect([read(text).hasFocusPlugin, read("").hasFocusPlugin]).toEqual([true, false]);
  });
});
