import { expect, it } from "vitest";
import { javaAdvice } from "./java-failures.ts";

// What Maven, javac and Gradle write, and a word of what a person is told.
it.each([
  [
    "[ERROR] Fatal error compiling: error: release version 25 not supported",
    'echo "java.runtime.version=25"',
  ],
  ["error: invalid target release: 21", 'echo "java.runtime.version=21"'],
  [
    "Cannot find a Java installation on your machine matching: {languageVersion=21, vendor=any}",
    "wants Java 21",
  ],
  ["BUG! Unsupported class file major version 69", "This Gradle is too old for this JDK"],
  [
    "Downloading https://services.gradle.org/x.zip\nException java.net.UnknownHostException: services.gradle.org",
    "could not fetch Gradle from https://services.gradle.org/x.zip.",
  ],
  [
    "Could not transfer artifact a:b:pom:1 from x: status code: 401, reason phrase: Unauthorized (401)",
    "A repository refused the build (401)",
  ],
  ["Task 'stage' not found in root project 'x'.", "There is no task stage."],
  ["Could not find artifact com.example:none:jar:1.0 in central", "com.example:none:jar:1.0 is in none"],
  ["> Could not find com.example:none:1.0.", "com.example:none:1.0 is in none"],
  ["Unknown host repo.example: Name or service not known", "MAVEN_MIRROR_URL"],
  ["PKIX path building failed: unable to find valid certification path", "could not be reached"],
  ["java.lang.OutOfMemoryError: Java heap space", "MAVEN_JAVA_OPTS=-Xmx384m"],
  ["[ERROR] COMPILATION ERROR : ", "does not compile"],
  ["There are test failures.", "-DskipTests is the default"],
  [
    "Error: Unable to access jarfile gradle/wrapper/gradle-wrapper.jar",
    "git add -f gradle/wrapper/gradle-wrapper.jar",
  ],
  ["something else", "See its output above."],
])("%j is told with %j", (output, words) => {
  expect(javaAdvice(output).join("\n")).toContain(words);
});
