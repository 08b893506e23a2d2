import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { readRubyProject } from "./ruby-project.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const LOCK =
  "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.8)\n\nPLATFORMS\n  x86_64-linux\n";

async function read(files: Files) {
  await writeFiles(folder.at, files);
  return readRubyProject(folder.at, "x64");
}

describe("the source of a Ruby app", () => {
  it("is its Gemfile and its lock file", async () => {
    const project = await read({
      Gemfile: "ruby '~> 3.1'\n",
      "Gemfile.lock": LOCK,
      ".ruby-version": "3.1.2",
    });
    expect(project).toMatchObject({
      gemfileName: "Gemfile",
      requirement: { must: ["~> 3.1"], statedIn: "Gemfile" },
    });
    expect(project.lock.gems.get("rack")).toBe("3.0.8");
  });

  it("may have the newer names", async () => {
    expect(await read({ "gems.rb": "", "gems.locked": LOCK, ".tool-versions": "ruby 3.1.2" })).toMatchObject({
      ...{ gemfileName: "gems.rb", requirement: { preferred: "3.1.2" } },
    });
  });

  it.each<[string, Files, string, string]>([
    ["no lock file", { Gemfile: "" }, "There is no Gemfile.lock", "bundle lock && git add Gemfile.lock"],
    ["no lock file of gems.rb", { "gems.rb": "" }, "There is no gems.locked", "git add gems.locked"],
    [
      "two manifests",
      { Gemfile: "", "gems.rb": "", "Gemfile.lock": LOCK },
      "two manifests",
      "git rm gems.rb",
    ],
    [
      "a lock file of other machines",
      { Gemfile: "", "Gemfile.lock": LOCK.replace("x86_64-linux", "arm64-darwin-22") },
      "resolved for arm64-darwin-22 and not for this machine (x86_64-linux)",
      "bundle lock --add-platform x86_64-linux",
    ],
    [
      "half a merge",
      { Gemfile: "", "Gemfile.lock": `<<<<<<< HEAD\n${LOCK}` },
      "merge that was not ended",
      "bundle lock",
    ],
    [
      "another engine",
      { Gemfile: 'ruby "3", engine: "jruby"', "Gemfile.lock": LOCK },
      "another Ruby than CRuby",
      "Remove engine",
    ],
    [
      "a huge lock file",
      { Gemfile: "", "Gemfile.lock": "x".repeat(9_000_000) },
      "longer than 8388608 bytes",
      "",
    ],
  ])("%s is refused", async (_what, files, message, advice) => {
    const failure = await read(files).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ name: "BuildFailure", message: expect.stringContaining(message) });
    expect((failure as { advice: string[] }).advice.join("\n")).toContain(advice);
  });
});
