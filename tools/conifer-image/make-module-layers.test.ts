import { describe, expect, it } from "vitest";
import { isOfNode, isOfPackages, isOfPostgres } from "./make-module-layers.ts";

describe("what is taken of", () => {
  it.each([
    ["bin", true],
    ["bin/node", true],
    ["LICENSE", true],
    ["bin/npm", false],
    ["include/node/v8.h", false],
    ["CHANGELOG.md", false],
  ])("Node.js: %s %s", (path, wanted) => expect(isOfNode(path)).toBe(wanted));

  it.each([
    ["native/bin/postgres", true],
    ["native/lib/libpq.so.5", true],
    ["native/share/postgresql/postgres.bki", true],
    ["native/lib/libpq.a", false],
    ["native/lib/pkgconfig", false],
    ["native/lib/pkgconfig/libpq.pc", false],
  ])("PostgreSQL: %s %s", (path, wanted) => expect(isOfPostgres(path)).toBe(wanted));

  it.each([
    ["fastify/package.json", true],
    ["@conifer/platform", true],
    ["@conifer/conformance", false],
    [".package-lock.json", false],
    [".cache/conifer/x", false],
    [".bin/esbuild", false],
    ["a/prebuilds", true],
    ["a/prebuilds/linux-arm64/a.node", true],
    ["a/prebuilds/linux-x64", false],
    ["a/prebuilds/android-arm64/a.bare", false],
    ["prebuilds-of-a/x", true],
  ])("packages of npm: %s %s", (path, wanted) => expect(isOfPackages(path, "arm64")).toBe(wanted));
});
