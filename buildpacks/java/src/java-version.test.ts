import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseJava,
  compareJava,
  featureOf,
  isLongTerm,
  type JavaRequirement,
  javaRequirement,
  parseJavaVersion,
  propertyOf,
} from "./java-version.ts";

const version = (text: string) => {
  const parsed = parseJavaVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe("a version's name", () => {
  it.each([
    ["17", [17]],
    ["17.0.9", [17, 0, 9]],
    ["21.0.2+13-LTS", [21, 0, 2]],
    ["1.8", [8]],
    ["1.8.0_392-b08", [8, 0, 392]],
    ["8u392", [8, 392]],
    ["openjdk-17", [17]],
    ["zulu-11.0.21", [11, 0, 21]],
    [" 25.0.3 ", [25, 0, 3]],
  ])("%s is read", (text, parts) => {
    expect(version(text).parts).toEqual(parts);
  });

  it.each(["", "latest", "17.x", "v17", "17.0.9.1.2", "-17", "java 17"])("%j is not", (text) => {
    expect(parseJavaVersion(text)).toBeUndefined();
  });

  it("has an order", () => {
    const order = ["1.8.0_1", "1.8.0_392", "11.0.2", "17", "17.0.1", "17.0.10", "21"];
    expect(
      order
        .toReversed()
        .map(version)
        .sort(compareJava)
        .map(({ text }) => text),
    ).toEqual(order);
  });

  it("may be of long-term support", () => {
    const features = Array.from({ length: 24 }, (_, i) => i + 7).filter(isLongTerm);
    expect(features).toEqual([8, 11, 17, 21, 25, 29]);
  });
});

describe("a properties file", () => {
  const TEXT =
    "# java.runtime.version=8\n! x=1\r\njava.runtime.version = 17\n maven.version: 3.9.9 \nempty=\n";
  it.each([
    ["java.runtime.version", "17"],
    ["maven.version", "3.9.9"],
    ["empty", undefined],
    ["x", undefined],
  ])("has %s: %s", (name, value) => {
    expect(propertyOf(TEXT, name)).toBe(value);
  });
});

describe("what an app asks for", () => {
  const ask = (stated: Parameters<typeof javaRequirement>[0]) => {
    const read = javaRequirement(stated);
    if (!read.ok) return `no version: ${read.text} in ${read.statedIn}`;
    const { wanted, statedIn, newerLines } = read.requirement;
    return [wanted?.text ?? "any", statedIn, newerLines ? "newer" : ""].filter(Boolean).join(" | ");
  };

  it.each<[Parameters<typeof javaRequirement>[0], string]>([
    [{}, "any | newer"],
    [
      { systemProperties: "java.runtime.version=17.0.9" },
      "17.0.9 | java.runtime.version in system.properties",
    ],
    [{ systemProperties: "maven.version=3", versionFile: "21 # ours\n" }, "21 | .java-version"],
    [
      { systemProperties: "java.runtime.version=x", versionFile: "21" },
      "no version: x in java.runtime.version in system.properties",
    ],
    [{ pom: "<java.version>17</java.version>" }, "17 | java.version in pom.xml | newer"],
    [
      { pom: "<!-- <java.version>17</java.version> --><maven.compiler.source> 1.8 </maven.compiler.source>" },
      "1.8 | maven.compiler.source in pom.xml | newer",
    ],
    [
      { pom: "<java.version>17</java.version><maven.compiler.release>21</maven.compiler.release>" },
      "21 | maven.compiler.release in pom.xml | newer",
    ],
    [{ pom: `<java.version>$${"{x}"}</java.version>` }, "any | newer"],
    [
      { gradle: "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }" },
      "21 | the toolchain of build.gradle | newer",
    ],
    [
      { gradle: "sourceCompatibility = JavaVersion.VERSION_1_8" },
      "1.8 | sourceCompatibility in build.gradle | newer",
    ],
    [{ gradle: "sourceCompatibility = '17'" }, "17 | sourceCompatibility in build.gradle | newer"],
    [{ pom: "\0<<<" }, "any | newer"],
  ])("with %j is %s", (stated, expected) => {
    expect(ask(stated)).toBe(expected);
  });
});

const HAD = ["11.0.21", "17.0.9", "17.0.15", "21.0.2", "24.0.1", "25.0.3", "26.0.1"].map((text) => ({
  version: version(text),
}));
const wish = (text: string, newerLines = false): JavaRequirement => ({
  wanted: version(text),
  statedIn: "x",
  newerLines,
});

describe("the JDK that is taken", () => {
  it.each<[string, JavaRequirement, string | undefined, string?]>([
    ["the newest with long-term support", { newerLines: true }, "25.0.3", "exact"],
    ["the newest of a line", wish("17"), "17.0.15", "exact"],
    ["an exact one", wish("17.0.9"), "17.0.9", "exact"],
    ["another of the line", wish("17.0.99"), "17.0.15", "another patch level"],
    ["none of another line", wish("18"), undefined],
    ["the nearest newer line for a compiler's level", wish("18", true), "21.0.2", "a newer line"],
    ["the newest of its line for a compiler's level", wish("1.8", true), "11.0.21", "a newer line"],
    ["none beyond the newest", wish("99", true), undefined],
  ])("is %s", (_name, requirement, expected, fit) => {
    const found = chooseJava(requirement, HAD);
    expect([found?.java.version.text, found?.fit]).toEqual([expected, fit]);
  });

  it("is any where none has long-term support", () => {
    expect(chooseJava({ newerLines: true }, [{ version: version("24.0.1") }])?.java.version.text).toBe(
      "24.0.1",
    );
    expect(chooseJava({ newerLines: true }, [])).toBeUndefined();
  });

  it("is never older than what is asked for, and of its line where there is one", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 8, max: 30 }), fc.nat(20)), { maxLength: 20 }),
        fc.integer({ min: 8, max: 30 }),
        fc.boolean(),
        (all, feature, newerLines) => {
          const had = all.map(([one, patch]) => ({ version: version(`${one}.0.${patch}`) }));
          const found = chooseJava(wish(String(feature), newerLines), had);
          const sameLine = had.filter((one) => featureOf(one.version) === feature);
          if (sameLine.length > 0) expect(featureOf(found?.java.version ?? version("1"))).toBe(feature);
          else if (!newerLines) expect(found).toBeUndefined();
          if (found) expect(featureOf(found.java.version)).toBeGreaterThanOrEqual(feature);
        },
      ),
    ));
});
