import { chmod } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { fakeApt } from "../../shared/debian-fixtures.ts";
import { chooseOfRelease, provideRuby } from "./provide-ruby.ts";
import type { RubyRequirement } from "./ruby-version.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** A base with a program that answers as this Ruby, or with none. */
async function provide(
  requirement: RubyRequirement,
  base: string | undefined,
  sources = "official,registry",
) {
  const baseFolder = path.join(folder.at, "base");
  if (base !== undefined) {
    await writeFiles(baseFolder, { ruby: `#!/bin/sh\nprintf %s "${base}"\n` });
    await chmod(path.join(baseFolder, "ruby"), 0o755);
  }
  const env = { PATH: process.env.PATH, CONIFER_RUNTIME_SOURCES: sources };
  const { context, output } = await makeContext(folder.at, { env });
  const ruby = await provideRuby(context, requirement, { baseFolder }).catch((thrown: unknown) => thrown);
  return { ruby, output: output() };
}

describe("the base's Ruby", () => {
  it.each([
    [{ must: [] }, "3.1.2"],
    [{ must: ["~> 3.1"], statedIn: "Gemfile" }, "3.1.2"],
    [{ must: [], preferred: "3.1", statedIn: ".ruby-version" }, "3.1.9"],
  ])("is taken for %j", async (requirement, version) => {
    const { ruby, output } = await provide(requirement, version);
    expect(ruby).toEqual({ version, api: "3.1.0", env: {} });
    expect(output).toContain(`Using Ruby ${version} of the base`);
  });

  it("is asked for by name where nobody else is", async () => {
    expect((await provide({ must: [] }, "3.1.2")).output).toContain("No version asked for");
    expect((await provide({ must: ["3.1.2"], statedIn: "Gemfile" }, "3.1.2")).output).toContain(
      "Version asked for: 3.1.2 (Gemfile)",
    );
  });
});

describe("a Ruby that is not to be had", () => {
  it.each([
    [
      "another line",
      { must: ["~> 3.3"], statedIn: "Gemfile" },
      "3.1.2",
      "Ruby ~> 3.3 (Gemfile) is not to be had here.\n  There is: 3.1.2.",
    ],
    [
      "another patch level",
      { must: [], preferred: "3.1.4", statedIn: ".ruby-version" },
      "3.1.2",
      "Ruby 3.1.4 (.ruby-version)",
    ],
    [
      "another engine's",
      { must: [] },
      "",
      "No Ruby is to be had here.\n  Neither the base nor its release's packages",
    ],
    ["none", { must: [] }, undefined, "No Ruby is to be had here."],
  ])("%s", async (_what, requirement, base, message) => {
    const { ruby } = await provide(requirement, base);
    expect(ruby).toMatchObject({ name: "BuildFailure", message: expect.stringContaining(message) });
  });

  it("comes with what was passed over, and with what to do", async () => {
    const { ruby } = await provide(
      { must: ["~> 3.3"], statedIn: "Gemfile" },
      "3.1.2",
      "official ruby=http://mirror",
    );
    const { message, advice } = ruby as { message: string; advice: readonly string[] };
    expect(message).toContain("source that has to be compiled");
    expect(message).toContain("no form that mirrors of built Rubies share");
    expect(advice.join("\n")).toContain('ruby "~> 3.1.0"');
  });

  it("may be for want of a source", async () => {
    const { ruby } = await provide({ must: [] }, undefined);
    expect((ruby as { advice: string[] }).advice.join()).toContain(
      "CONIFER_RUNTIME_SOURCES=official,registry,debian",
    );
  });

  it("is the operator's mistake when a source has no such name", async () => {
    const { ruby } = await provide({ must: [] }, undefined, "debain");
    expect(ruby).toMatchObject({ message: expect.stringContaining('holds "debain"') });
  });
});

describe("the release's Ruby", () => {
  const BUNDLER = { "ruby-bundler": "2.3.15-2", bundler: "2.3.15-2" };
  const RELEASE = {
    ...BUNDLER,
    "ruby3.1": "3.1.2-7+deb12u1",
    "ruby3.1-dev": "3.1.2-7+deb12u1",
    ruby: "1:3.1",
  };

  it.each([
    [{ must: [] }, RELEASE, "3.1.2", ["ruby3.1", "ruby3.1-dev", "ruby-bundler", "bundler"]],
    [
      { must: ["~> 3.0"], preferred: "3.0.6" },
      RELEASE,
      "3.1.2",
      ["ruby3.1", "ruby3.1-dev", "ruby-bundler", "bundler"],
    ],
    [{ must: [] }, { "ruby3.1": "3.1.2-7", "ruby3.3": "3.3.7-1" }, "3.3.7", ["ruby3.3"]],
    [{ must: ["~> 3.1.0"] }, { "ruby3.1": "3.1.2-7", "ruby3.3": "3.3.7-1" }, "3.1.2", ["ruby3.1"]],
  ])("for %j of %j is %s", async (requirement, release, version, names) => {
    const { packages, notes } = await chooseOfRelease(fakeApt(release), requirement, ["debian"]);
    expect(notes).toEqual({ version });
    expect(packages.map(({ name }) => name)).toEqual(names);
  });

  it.each([
    [
      { must: ["~> 3.3"], statedIn: "Gemfile" },
      RELEASE,
      "Ruby ~> 3.3 (Gemfile) is not to be had here.\n  There is: 3.1.2.",
    ],
    [
      { must: [], preferred: "3.2.2", statedIn: ".ruby-version" },
      RELEASE,
      "Ruby 3.2.2 (.ruby-version) is not to be had",
    ],
    [{ must: [] }, {}, "No Ruby is to be had here."],
  ])("is not there for %j of %j", async (requirement, release, message) => {
    await expect(chooseOfRelease(fakeApt(release), requirement, ["debian"])).rejects.toThrow(message);
  });
});
