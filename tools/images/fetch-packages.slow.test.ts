import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RUN_PACKAGES } from "../../buildpacks/shared/base-packages.ts";
import { fetchPackages, openApt, resolvePackages } from "./fetch-packages.ts";
import { whyNotHere } from "./images-fixtures.ts";

const why = whyNotHere();

describe.skipIf(why)(`the packages of a release${why ? ` (${why})` : ""}`, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fetch-packages-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("come from its own archive and from no other that the machine has", { timeout: 120_000 }, async () => {
    const other = { id: "debian", version: "99", codename: "nosuchrelease" } as const;
    const apt = await openApt(folder, other);
    await expect(resolvePackages(apt, other, RUN_PACKAGES)).rejects.toThrow(
      /Is the archive of debian 99 \(nosuchrelease\) among this machine's apt sources\?\n.*no installation candidate/s,
    );
  });

  it("are refused when they are not what the index says", { timeout: 120_000 }, async () => {
    const apt = {
      folder,
      // An archive that hands out nothing, as one that is being updated may.
      run: async () => "",
    };
    const one = {
      name: "bash",
      version: "1",
      architecture: "amd64",
      sha256: "0".repeat(64),
      bytes: 1,
      record: "",
    };
    await expect(fetchPackages(apt, [one], join(folder, "packages"))).rejects.toThrow(
      "bash 1 is not what the package index says. Try again.",
    );
  });
});
