import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { type JavaRequirement, javaRequirement } from "./java-version.ts";

/** Files at the top that decide how an app is built. */
const FILES = [
  ...[
    "system.properties",
    ".java-version",
    "pom.xml",
    "mvnw",
    ".mvn/wrapper/maven-wrapper.properties",
    "settings.xml",
  ],
  ...["gradlew", "gradle/wrapper/gradle-wrapper.properties", "build.gradle", "build.gradle.kts", "Procfile"],
];

/** The texts of those that are there, by name. */
export async function readJavaFiles({
  appDir,
}: Pick<BuildContext, "appDir">): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of FILES) {
    const text = await readFile(path.join(appDir, name), "utf8").catch(() => undefined);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

/** What the app asks for; throws a BuildFailure where that is no version. */
export function requirementOf(files: Readonly<Record<string, string>>): JavaRequirement {
  const gradle = files["build.gradle"] ?? files["build.gradle.kts"];
  const stated = {
    systemProperties: files["system.properties"],
    versionFile: files[".java-version"],
    pom: files["pom.xml"],
    gradle,
  };
  const read = javaRequirement(
    Object.fromEntries(Object.entries(stated).filter(([, text]) => text !== undefined)),
  );
  if (read.ok) return read.requirement;
  throw new BuildFailure(`"${read.text}" is no version of Java (${read.statedIn}).`, [
    "Write it as 21 or 21.0.2.",
  ]);
}
