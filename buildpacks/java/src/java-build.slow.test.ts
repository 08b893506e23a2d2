import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type AppBuilds, type Files, makeAppBuilds, makeFolder } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";
import { baseJdks } from "./base-jdks.ts";
import { featureOf } from "./java-version.ts";

// Real builds with a JDK of this machine, and what Maven Central has.

const COLD = 400_000;
/** Maven then fails where it would have to fetch something. */
const OFFLINE = { MAVEN_CUSTOM_OPTS: "-DskipTests --offline" };
const jdks = await baseJdks();
const feature = jdks.length > 0 ? Math.min(...jdks.map(({ version }) => featureOf(version))) : 0;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
let count = 0;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/java")?.dir ?? "";
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});
afterAll(() => folder.remove());

const appOf = (source: string | Files, seed?: { from: string; layers: string[] }) =>
  makeAppBuilds(path.join(folder.at, `app-${++count}`), { buildpack, source, ...(seed ? { seed } : {}) });

/** Starts the app's default process as a launcher would, and gives what it answers. */
async function answerOf(app: AppBuilds, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { processes } = (await app.launch()) as { processes: { command: string[]; args: string[] }[] };
  const [program = "", ...args] = [...(processes[0]?.command ?? []), ...(processes[0]?.args ?? [])];
  const server = createServer();
  await once(server.listen(0), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const child = spawn(program, args, {
    cwd: app.app,
    env: { PATH: `${path.join(app.layers, "jre", "bin")}:/usr/bin:/bin`, PORT: String(port), ...env },
    stdio: "ignore",
  });
  running.push(child);
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      (answer) => answer.text(),
      () => "",
    );
  await expect.poll(ask, { timeout: 60_000, interval: 50 }).not.toBe("");
  return ask();
}

const WEB = `package com.example;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import org.apache.commons.lang3.StringUtils;

public class Web {
  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress(Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext("/", exchange -> {
      byte[] body = StringUtils.capitalize("plain java").getBytes();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.example</groupId>
  <artifactId>plain</artifactId>
  <version>1.0</version>
  <properties>
    <maven.compiler.release>${feature}</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>org.apache.commons</groupId><artifactId>commons-lang3</artifactId><version>3.17.0</version></dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-dependency-plugin</artifactId>
        <executions><execution><phase>package</phase><goals><goal>copy-dependencies</goal></goals></execution></executions>
      </plugin>
      <plugin>
        <artifactId>maven-jar-plugin</artifactId>
        <configuration><archive><manifest>
          <addClasspath>true</addClasspath><classpathPrefix>dependency/</classpathPrefix>
          <mainClass>com.example.Web</mainClass>
        </manifest></archive></configuration>
      </plugin>
    </plugins>
  </build>
</project>
`;

describe.skipIf(jdks.length === 0)("a plain jar by Maven (skipped where /usr/lib/jvm has no JDK)", () => {
  let app: AppBuilds;
  let jar: string;
  const target = () => path.join(app.app, "target");
  const digestOf = async (built: AppBuilds) =>
    Buffer.from(
      await crypto.subtle.digest("SHA-256", await readFile(path.join(built.app, "target/plain-1.0.jar"))),
    ).toString("hex");
  beforeAll(async () => {
    app = await appOf({ "pom.xml": POM, "src/main/java/com/example/Web.java": WEB });
  });

  it("is taken", async () => {
    expect(await app.detect()).toMatchObject({ code: 0, output: "" });
  });

  it(
    "is built cold, and answers with a runtime of its own",
    async () => {
      const { code, output } = await app.build();
      expect(output).toContain(`Version asked for: ${feature} (maven.compiler.release in pom.xml)`);
      expect(output).toMatch(
        /Using Java \d+[\d.]* from the base\n {7}Linking a runtime for the image \(jlink\)\n/,
      );
      expect(output).toContain("Using Maven 3.9.16, as no version is asked for");
      expect(output).toContain("Default process (plain jar): web: java $JAVA_OPTS -jar target/plain-1.0.jar");
      expect(code).toBe(0);
      expect(await answerOf(app)).toBe("Plain java");
      expect([
        app.has("jre", "bin/java"),
        app.has("jre", "bin/javac"),
        app.has("jre", "exec.d/java-options"),
      ]).toEqual([...[true, false, true]]);
      expect((await readdir(target())).toSorted()).toEqual(
        expect.not.arrayContaining(["maven-status", "maven-archiver"]),
      );
      jar = await digestOf(app);
    },
    COLD,
  );

  it(
    "is built again from what is kept, without the network, to the same bytes",
    async () => {
      const { code, output, ms } = await app.build(OFFLINE);
      expect(output).toContain("Using the Java runtime of the last build");
      expect(output).not.toContain("Fetching");
      expect(code).toBe(0);
      expect(await digestOf(app)).toBe(jar);
      expect(ms).toBeLessThan(60_000);
    },
    COLD,
  );

  it(
    "that does not compile is told so",
    async () => {
      await app.change({ "src/main/java/com/example/Web.java": WEB.replace("var server", "int server") });
      const { code, output } = await app.build();
      expect(code).toBe(1);
      expect(output).toContain(
        " !     Maven could not build the app.\n !     The code does not compile; see the errors above.",
      );
      await app.change({ "src/main/java/com/example/Web.java": WEB });
    },
    COLD,
  );

  it(
    "is built by the version of Maven that is asked for, or the build says there is none",
    async () => {
      await app.change({ "system.properties": `java.runtime.version=${feature}\nmaven.version=0.0.1\n` });
      const { code, output } = await app.build();
      expect(code).toBe(1);
      expect(output).toContain(" !     Maven 0.0.1 could not be fetched: 404");
    },
    COLD,
  );
});

describe.skipIf(jdks.length === 0)("versions (skipped where /usr/lib/jvm has no JDK)", () => {
  it("that are not to be had are told with those that are", async () => {
    const app = await appOf({ "pom.xml": POM, "system.properties": "java.runtime.version=98\n" });
    const { code, output } = await app.build({ CONIFER_RUNTIME_SOURCES: "java=http://127.0.0.1:9" });
    expect(code).toBe(1);
    expect(output).toContain(" !     Java 98 (java.runtime.version in system.properties) is not to be had.");
    expect(output).toMatch(/ {3}The base has \d+\.[\d.]+/);
  });
});

describe.skipIf(jdks.length === 0)("Gradle (skipped where /usr/lib/jvm has no JDK)", () => {
  // Gradle's own programs are in no package registry: these stand in for the wrapper's script.
  const wrapper = (lines: string) => ({
    "build.gradle": "plugins { id 'java' }\n",
    gradlew: `#!/bin/sh\n${lines}\n`,
  });

  it(
    "is run by the wrapper with the tasks and folders of the build",
    async () => {
      const app = await appOf(
        wrapper('echo "args: $*"; echo "home: $GRADLE_USER_HOME"; "$JAVA_HOME/bin/java" -version'),
      );
      const { code, output } = await app.build({ GRADLE_TASK: "stage -q" });
      expect(output).toMatch(/args: --no-daemon --console=plain (-D\S+ )*stage -q\n/);
      expect(output).toContain(`home: ${path.join(app.layers, "gradle-cache")}`);
      expect(output).toContain("The build left no archive that says how it starts. Add a Procfile");
      expect(code).toBe(0);
    },
    COLD,
  );

  it(
    "that cannot be fetched is told with where the wrapper looked",
    async () => {
      const fails =
        'echo "Downloading https://gradle.example/gradle-9.zip"; echo "java.net.UnknownHostException"; exit 1';
      const { code, output } = await (await appOf(wrapper(fails))).build();
      expect(code).toBe(1);
      expect(output).toContain(
        " !     The wrapper could not fetch Gradle from https://gradle.example/gradle-9.zip.",
      );
    },
    COLD,
  );

  it.skipIf(existsSync("/usr/bin/gradle"))(
    "must be in the repository where the base has none",
    async () => {
      const app = await appOf({ "build.gradle.kts": "" });
      const { code, output } = await app.build();
      expect(code).toBe(1);
      expect(output).toContain("gradle wrapper && git add gradlew gradle/wrapper");
    },
    COLD,
  );
});
