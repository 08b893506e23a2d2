import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import { isOfRoles, packSources, programFor } from "./source-layers.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sources-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("what roles run from", () => {
  it.each([
    ["platform/src/compose/registry.ts", true],
    ["platform/package.json", true],
    ["contract/src/generated/routes.ts", true],
    ["platform/src/kernel/ids.test.ts", false],
    ["platform/src/delivery/registry/registry-fake.ts", false],
    ["platform/src/delivery/registry/registry-suite.ts", false],
    ["contract/src/shape-fixtures.ts", false],
    ["contract/description", false],
    ["contract/description/schema.json", false],
    ["platform/node_modules", false],
    ["platform/.cache/x", false],
    ["platform/src/old.ts~", false],
  ])("%s: %s", (path, wanted) => expect(isOfRoles(path)).toBe(wanted));
});

describe("the layer of our sources", () => {
  it("is the same each time, and holds roles and no tests", async () => {
    const pack = () => packSources(REPOSITORY, folder, "cluster");
    const [one, two] = [await pack(), await pack()];
    expect(one).toEqual(two);
    const listed = execFileSync("tar", ["-tvf", blobPath(folder, one.descriptor.digest)], {
      encoding: "utf8",
      maxBuffer: 1e8,
    });
    expect(listed).toMatch(/^-rwxr-xr-x 0\/0 .* conifer\/bin\/role$/m);
    expect(listed).toMatch(/^-rw-r--r-- 0\/0 .* conifer\/LICENSE$/m);
    for (const name of ["registry", "router", "config"])
      expect(listed).toMatch(new RegExp(` conifer/platform/src/compose/${name}\\.ts$`, "m"));
    expect(listed).not.toMatch(/\.test\.ts$|node_modules|-fixtures\.ts$|\/\.[^/]+$/m);
    const names = listed.split("\n").map((line) => line.split(" ").at(-1));
    expect(new Set(names).size).toBe(names.length);
  });

  it("begins with what its image is for", async () => {
    const of = async (purpose: "cluster" | "machine") => {
      const { descriptor } = await packSources(REPOSITORY, folder, purpose);
      const blob = blobPath(folder, descriptor.digest);
      const names = execFileSync("tar", ["-tf", blob], { encoding: "utf8", maxBuffer: 1e8 });
      return names.split("\n").filter((name) => /^conifer\/(?:bin\/.|package-lock)/.test(name));
    };
    expect(await of("cluster")).toEqual(["conifer/bin/role"]);
    expect(await of("machine")).toEqual(["conifer/package-lock.json", "conifer/bin/machine"]);
    expect(programFor("machine")).toBe("/conifer/bin/machine");
  });
});
