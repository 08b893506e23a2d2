import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lockFormat, parseLockFile } from "./lock-file.ts";

const json = JSON.stringify;

describe("lock files of npm", () => {
  const root = { "": { name: "app" } };
  const read = (value: unknown) => {
    const { hasDevPackages, hasLinks } = parseLockFile("package-lock.json", json(value));
    return [hasDevPackages, hasLinks];
  };

  it.each([
    ["v3, nothing", { lockfileVersion: 3, packages: root }, [false, false]],
    [
      "v3, a package",
      { lockfileVersion: 3, packages: { ...root, "node_modules/a": { version: "1.0.0" } } },
      [false, false],
    ],
    [
      "v3, a development package",
      { lockfileVersion: 3, packages: { ...root, "node_modules/a": { version: "1.0.0", dev: true } } },
      [true, false],
    ],
    [
      "v3, optional in development",
      { lockfileVersion: 3, packages: { ...root, "node_modules/a": { devOptional: true } } },
      [true, false],
    ],
    [
      "v3, a workspace",
      { lockfileVersion: 3, packages: { ...root, "node_modules/w": { resolved: "packages/w", link: true } } },
      [false, true],
    ],
    [
      "v2, both lists",
      {
        lockfileVersion: 2,
        packages: { ...root, "node_modules/a": { version: "1.0.0" } },
        dependencies: { a: { version: "1.0.0" } },
      },
      [false, false],
    ],
    ["v1, a package", { lockfileVersion: 1, dependencies: { a: { version: "1.0.0" } } }, [false, false]],
    [
      "v1, a development package",
      { lockfileVersion: 1, dependencies: { a: { version: "1.0.0", dev: true } } },
      [true, false],
    ],
    ["v1, a folder", { lockfileVersion: 1, dependencies: { a: { version: "file:./a" } } }, [false, true]],
    ["v1, nothing", { lockfileVersion: 1 }, [false, false]],
  ])("%s", (_name, value, expected) => {
    expect(read(value)).toEqual(expected);
  });

  it("that are no JSON are refused by name", () => {
    expect(() => parseLockFile("package-lock.json", "<<<<<<< HEAD")).toThrow(
      "package-lock.json is not valid JSON",
    );
  });
});

describe("lock files of pnpm and Yarn", () => {
  it.each([
    [
      "pnpm-lock.yaml",
      "importers:\n  .:\n    dependencies:\n      w:\n        version: link:packages/w\n",
      true,
    ],
    ["pnpm-lock.yaml", "      w:\n        version: file:w\n", true],
    ["pnpm-lock.yaml", "      ms:\n        specifier: 2.1.3\n        version: 2.1.3\n", false],
    ["pnpm-lock.yaml", "", false],
    ["yarn.lock", '"app@workspace:.":\n  version: 0.0.0-use.local\n', false],
    ["yarn.lock", '"app@workspace:.":\n\n"w@workspace:*, w@workspace:packages/w":\n', true],
    ["yarn.lock", '"w@file:./w::locator=app":\n', true],
    ["yarn.lock", '"w@link:./w":\n', true],
    ["yarn.lock", '# yarn lockfile v1\n\n\nms@2.1.3:\n  version "2.1.3"\n', false],
  ])("%s of %j has links: %s", (name, text, hasLinks) => {
    expect(parseLockFile(name, text)).toEqual({ name, text, hasDevPackages: undefined, hasLinks });
  });

  it.each([
    ["pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nsettings:\n", 9],
    ["pnpm-lock.yaml", "lockfileVersion: 5.4\n", 5.4],
    ["pnpm-lock.yaml", 'lockfileVersion: "6.0"\n', 6],
    ["pnpm-lock.yaml", "<<<<<<< HEAD\n", undefined],
    ["yarn.lock", "# text\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n", 8],
    ["yarn.lock", "__metadata:\r\n  cacheKey: 8\r\n  version: 6\r\n", 6],
    ["yarn.lock", '# yarn lockfile v1\n\nms@2:\n  version "2.1.3"\n', undefined],
    ["yarn.lock", "", undefined],
  ])("%s of %j is of form %s", (name, text, format) => {
    expect(lockFormat({ name, text })).toBe(format);
  });

  it("are read in time whatever they hold", () => {
    const piece = fc.constantFrom(
      "\n",
      " ",
      '"',
      "@",
      ",",
      "w@workspace:",
      "version: ",
      "link:",
      "__metadata:",
    );
    fc.assert(
      fc.property(
        fc.constantFrom("yarn.lock", "pnpm-lock.yaml"),
        fc.array(piece, { maxLength: 400 }),
        (name, parts) => {
          const text = parts.join("");
          const began = performance.now();
          expect(parseLockFile(name, text.repeat(20)).text.length).toBe(text.length * 20);
          lockFormat({ name, text: text.repeat(20) });
          expect(performance.now() - began).toBeLessThan(2_000);
        },
      ),
    );
  });
});
