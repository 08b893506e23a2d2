import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { readJavaFiles, requirementOf } from "./java-project.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

describe("an app's files", () => {
  it("are those at the top that decide how it is built", async () => {
    await writeFiles(folder.at, {
      "pom.xml": "<x/>",
      ".mvn/wrapper/maven-wrapper.properties": "a=b",
      "src/pom.xml": "",
      README: "",
    });
    expect(await readJavaFiles({ appDir: folder.at })).toEqual({
      ...{ "pom.xml": "<x/>", ".mvn/wrapper/maven-wrapper.properties": "a=b" },
    });
  });

  it("may be none, or folders", async () => {
    await writeFiles(folder.at, { "gradlew/x": "" });
    expect(await readJavaFiles({ appDir: folder.at })).toEqual({});
  });
});

describe("the version that they ask for", () => {
  it.each<[Record<string, string>, string | undefined]>([
    [{ "pom.xml": "<java.version>17</java.version>" }, "17"],
    [{ "pom.xml": "<java.version>17</java.version>", "system.properties": "java.runtime.version=21" }, "21"],
    [{ "build.gradle.kts": "JavaLanguageVersion.of(21)" }, "21"],
    [{ "build.gradle": "", "build.gradle.kts": "JavaLanguageVersion.of(21)" }, undefined],
    [{}, undefined],
  ])("of %j is %s", (files, expected) => {
    expect(requirementOf(files).wanted?.text).toBe(expected);
  });

  it("is refused when it is none", () => {
    expect(() => requirementOf({ "system.properties": "java.runtime.version=newest" })).toThrow(
      '"newest" is no version of Java (java.runtime.version in system.properties).',
    );
  });
});
