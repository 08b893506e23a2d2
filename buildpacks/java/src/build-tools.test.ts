import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Files,
  makeContext,
  makeFolder,
  restoreLayers,
  runProgram,
  startServer,
  writeFiles,
} from "../../shared/buildpack-fixtures.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { buildWithGradle, buildWithMaven } from "./build-tools.ts";
import { readJavaFiles } from "./java-project.ts";

// A script stands in for Maven and Gradle: it tells what it was given.
const TELLS =
  '#!/bin/sh\necho "$(basename "$0"): $*"\necho "opts: $MAVEN_OPTS$GRADLE_OPTS"\necho "home: $MAVEN_USER_HOME$GRADLE_USER_HOME repo: $MVNW_REPOURL"\n';
const FAILS = `${TELLS}echo "COMPILATION ERROR :"\nexit 1\n`;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let repository: Awaited<ReturnType<typeof startServer>>;
let sumOf: (archive: Buffer) => string;
beforeEach(async () => {
  folder = await makeFolder();
  sumOf = (archive) => createHash("sha512").update(archive).digest("hex");
  await writeFiles(folder.at, {
    "made/apache-maven-3.8.8/bin/mvn": `${TELLS}[ -z "$SETTINGS" ] || cat "$SETTINGS"\n`,
  });
  const { code } = await runProgram(
    "sh",
    ["-c", "chmod 755 */bin/mvn && tar -czf ../maven.tgz apache-maven-3.8.8"],
    {
      cwd: path.join(folder.at, "made"),
      env: { PATH: process.env.PATH },
    },
  );
  expect(code).toBe(0);
  const archive = await readFile(path.join(folder.at, "maven.tgz"));
  repository = await startServer((request, response) => {
    const file = "/org/apache/maven/apache-maven/3.8.8/apache-maven-3.8.8-bin.tar.gz";
    if (request.url === file) response.end(archive);
    else if (request.url === `${file}.sha512`) response.end(sumOf(archive));
    else response.writeHead(404).end();
  });
});
afterEach(async () => {
  await repository.stop();
  await folder.remove();
});

const layer = (...names: string[]) => path.join(folder.at, "layers", ...names);

async function build(tool: typeof buildWithMaven, files: Files, more: Readonly<Record<string, string>> = {}) {
  await restoreLayers(layer()).catch(() => {});
  const env = { PATH: process.env.PATH, ...more };
  const { context, output } = await makeContext(folder.at, { env });
  await writeFiles(context.appDir, files);
  const fetcher = makeFetcher({}, context.signal);
  try {
    const read = await readJavaFiles(context);
    await tool({ context, fetcher, env, jvmOptions: ["-Djavax.net.ssl.trustStore=/t"], files: read });
    return output();
  } catch (thrown) {
    throw Object.assign(thrown as Error, { output: output() });
  } finally {
    await fetcher.close();
  }
}

const ASKS = { "pom.xml": "<project/>", "system.properties": "maven.version=3.8.8\n" };

describe("Maven", () => {
  const mirror = () => ({ MAVEN_MIRROR_URL: repository.address });

  it("is fetched from the operator's repository, checked, and kept", async () => {
    const output = await build(buildWithMaven, ASKS, { ...mirror(), MAVEN_JAVA_OPTS: "-Xmx1g" });
    expect(output).toContain("Using Maven 3.8.8, as maven.version in system.properties asks");
    expect(output).toContain(`mvn: -B -ntp -Dmaven.repo.local=${layer("maven-cache", "repository")} -gs `);
    expect(output).toContain("opts: -Djavax.net.ssl.trustStore=/t -Xmx1g\n");
    const asked = repository.requests.length;
    expect(await build(buildWithMaven, ASKS, mirror())).not.toContain("Fetching");
    expect(repository.requests.length).toBe(asked);
  });

  it("reads the operator's settings from a file that does not stay", async () => {
    const file = layer("maven-cache", "operator-settings.xml");
    const output = await build(buildWithMaven, ASKS, { ...mirror(), SETTINGS: file });
    expect(output).toContain(`<url>${repository.address}</url>`);
    expect(existsSync(file)).toBe(false);
    expect(output).not.toMatch(/Building with Maven.*operator-settings/);
  });

  it("is not used when its checksum differs, or there is none", async () => {
    sumOf = () => "ab".repeat(64);
    await expect(build(buildWithMaven, ASKS, mirror())).rejects.toThrow(
      /Maven 3\.8\.8 could not be fetched: .*integrity/,
    );
    sumOf = () => "<html>";
    await expect(build(buildWithMaven, ASKS, mirror())).rejects.toThrow(
      "the repository gives no checksum for it",
    );
    expect(existsSync(layer("maven.toml"))).toBe(false);
  });

  it("is not a version out of a path", async () => {
    const files = { "pom.xml": "", "system.properties": "maven.version=../../x\n" };
    await expect(build(buildWithMaven, files)).rejects.toThrow('"../../x" is no version of Maven');
  });

  const WRAPPED = {
    "pom.xml": "",
    ".mvn/wrapper/maven-wrapper.properties": "x=y",
    "settings.xml": "<settings/>",
  };

  it("is the repository's wrapper, whether or not it may be executed", async () => {
    const output = await build(buildWithMaven, { ...WRAPPED, mvnw: TELLS }, mirror());
    expect(output).toContain("Using the wrapper (./mvnw), as the repository has a wrapper");
    expect(output).toMatch(/mvnw: .* -s settings\.xml .*clean package\n/);
    expect(output).toContain(`home: ${layer("maven-cache")} repo: ${repository.address}`);
  });

  it("that fails is told with what to do", async () => {
    const failure = build(buildWithMaven, { ...WRAPPED, mvnw: FAILS });
    await expect(failure).rejects.toMatchObject({
      ...{
        message: "Maven could not build the app.",
        advice: ["The code does not compile; see the errors above."],
      },
    });
  });

  it("has a wrapper with Windows' line ends refused", async () => {
    const failure = build(buildWithMaven, { ...WRAPPED, mvnw: TELLS.replaceAll("\n", "\r\n") });
    await expect(failure).rejects.toThrow("./mvnw has the line ends of Windows and cannot run.");
  });
});

describe("Gradle", () => {
  it("is the repository's wrapper, with its home among the layers", async () => {
    const files = {
      "build.gradle": "id 'org.springframework.boot'",
      gradlew: TELLS,
      "gradle/wrapper/gradle-wrapper.properties": "distributionUrl=https\\://g.example/gradle.zip\n",
    };
    const output = await build(buildWithGradle, files, { HTTPS_PROXY: "http://p.example:1" });
    expect(output).toContain("Using the wrapper (./gradlew), which fetches https://g.example/gradle.zip");
    expect(output).toContain(
      "gradlew: --no-daemon --console=plain -Djavax.net.ssl.trustStore=/t -Dhttps.proxyHost=p.example -Dhttps.proxyPort=1 build -x check\n",
    );
    expect(output).toContain(`home: ${layer("gradle-cache")}`);
  });

  it("is the base's where there is no wrapper, and else the build says how to get one", async () => {
    await writeFiles(folder.at, { "bin/gradle": TELLS });
    await runProgram("chmod", ["755", "bin/gradle"], { cwd: folder.at, env: { PATH: process.env.PATH } });
    const env = { PATH: `${path.join(folder.at, "bin")}:${process.env.PATH}`, GRADLE_TASK: "x y" };
    expect(await build(buildWithGradle, { "build.gradle": "" }, env)).toMatch(/gradle: .* x y\n/);
    await expect(build(buildWithGradle, { "build.gradle": "" }, { PATH: "/nowhere" })).rejects.toMatchObject({
      advice: ["Add a wrapper: gradle wrapper && git add gradlew gradle/wrapper"],
    });
  });
});
