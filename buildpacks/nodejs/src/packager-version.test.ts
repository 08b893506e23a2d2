import { satisfies } from "semver";
import { describe, expect, it } from "vitest";
import type { ManagerKind } from "./choose-packager.ts";
import { chooseManagerVersion, pinnedVersion } from "./packager-version.ts";

const pnpm = (format: string) => ({ name: "pnpm-lock.yaml", text: `lockfileVersion: '${format}'\n` });
const berry = (format: number) => ({ name: "yarn.lock", text: `__metadata:\n  version: ${format}\n` });

describe("the pinned version", () => {
  it.each([
    ["24.11.1", "11.6.2"],
    ["22.9.0", "11.6.2"],
    ["22.8.0", "10.9.4"],
    ["20.17.0", "11.6.2"],
    ["20.5.0", "10.9.4"],
    ["18.20.8", "10.9.4"],
    ["18.0.0", "9.9.4"],
    ["16.20.2", "9.9.4"],
    ["14.21.3", "9.9.4"],
    ["12.22.12", "6.14.18"],
  ])("of npm for Node.js %s is %s", (node, version) => {
    expect(pinnedVersion({ kind: "npm", lock: undefined }, node)).toBe(version);
  });

  it.each([
    ["24.1.0", undefined, "10.34.9"],
    ["24.1.0", "9.0", "10.34.9"],
    ["24.1.0", "6.0", "8.15.9"],
    ["24.1.0", "6.1", "8.15.9"],
    ["24.1.0", "5.4", "7.33.7"],
    ["16.20.2", undefined, "8.15.9"],
    ["14.21.3", undefined, "7.33.7"],
  ])("of pnpm for Node.js %s and lock files of form %s is %s", (node, format, version) => {
    expect(pinnedVersion({ kind: "pnpm", lock: format === undefined ? undefined : pnpm(format) }, node)).toBe(
      version,
    );
  });

  it.each([
    ["24.1.0", undefined, "4.18.1"],
    ["24.1.0", 10, "4.18.1"],
    ["24.1.0", 9, "4.14.1"],
    ["24.1.0", 8, "4.13.0"],
    ["24.1.0", 6, "3.8.7"],
    ["24.1.0", 5, "3.1.1"],
    ["24.1.0", 4, "2.4.2"],
    ["16.20.2", undefined, "3.8.7"],
    ["12.22.0", undefined, "2.4.2"],
  ])("of Yarn for Node.js %s and lock files of form %s is %s", (node, format, version) => {
    expect(
      pinnedVersion({ kind: "berry", lock: format === undefined ? undefined : berry(format) }, node),
    ).toBe(version);
  });

  it("of Yarn 1 is the last", () => {
    expect(pinnedVersion({ kind: "yarn", lock: undefined }, "8.0.0")).toBe("1.22.22");
  });
});

describe("the version that is chosen", () => {
  const VERSIONS = ["9.9.4", "10.8.0", "10.9.4", "11.0.0-pre.1", "11.6.2"];
  const choose = async (kind: ManagerKind, range: string | undefined, kept?: string) => {
    let asked = 0;
    const stated = range === undefined ? undefined : { range, statedIn: "engines.npm in package.json" };
    const choice = { kind, lock: undefined, asked: stated };
    const version = await chooseManagerVersion(choice, { nodeVersion: "24.1.0", kept }, async () => {
      asked += 1;
      return VERSIONS;
    });
    return { version, asked };
  };

  it.each([
    ["the pinned one", undefined, undefined, { version: "11.6.2", asked: 0 }],
    ["the pinned one that fits", ">=8", undefined, { version: "11.6.2", asked: 0 }],
    ["an exact one", "10.8.0", undefined, { version: "10.8.0", asked: 0 }],
    ["the newest that fits", "10.x", undefined, { version: "10.9.4", asked: 1 }],
    ["the kept one that fits", "10.x", "10.8.0", { version: "10.8.0", asked: 0 }],
    ["another than a kept one", "9.x", "10.8.0", { version: "9.9.4", asked: 1 }],
  ])("is %s", async (_name, range, kept, expected) => {
    const chosen = await choose("npm", range, kept);
    expect(chosen).toEqual(expected);
    expect(satisfies(chosen.version, range ?? "*")).toBe(true);
  });

  it("is told with what is to be had when none fits", async () => {
    await expect(choose("npm", "10.99.x")).rejects.toMatchObject({
      message: "No npm version fits 10.99.x (engines.npm in package.json).",
      advice: [
        "Versions that are to be had: 10.9.4, 10.8.0 and others.",
        "Leave it out to build with npm 11.6.2.",
      ],
    });
  });
});
