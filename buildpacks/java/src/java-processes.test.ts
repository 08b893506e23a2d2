import { describe, expect, it } from "vitest";
import { type BuiltJar, isBeside, javaWeb } from "./java-processes.ts";

const jar = (path: string, manifest: Record<string, string> = {}): BuiltJar => ({ path, manifest });
const main = { "Main-Class": "com.example.Main" };
const spring = {
  "Main-Class": "org.springframework.boot.loader.launch.JarLauncher",
  "Spring-Boot-Version": "3.5.0",
};
const quarkus = { "Main-Class": "io.quarkus.bootstrap.runner.QuarkusEntryPoint" };

describe("how an app serves the web", () => {
  it.each<[string, readonly BuiltJar[], string, string]>([
    ["a plain jar", [jar("target/a.jar", main)], "plain jar", "java $JAVA_OPTS -jar target/a.jar"],
    [
      "Spring Boot",
      [jar("target/a.jar", spring)],
      "Spring Boot",
      "java $JAVA_OPTS -jar target/a.jar --server.port=$PORT",
    ],
    [
      "Spring Boot as a .war",
      [jar("target/a.war", spring)],
      "Spring Boot",
      "java $JAVA_OPTS -jar target/a.war --server.port=$PORT",
    ],
    [
      "a module of several",
      [jar("lib/target/l.jar"), jar("web/build/libs/w.jar", spring)],
      "Spring Boot",
      "java $JAVA_OPTS -jar web/build/libs/w.jar --server.port=$PORT",
    ],
    [
      "Quarkus",
      [jar("target/a.jar", main), jar("target/quarkus-app/quarkus-run.jar", quarkus)],
      "Quarkus",
      "java $JAVA_OPTS -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT -jar target/quarkus-app/quarkus-run.jar",
    ],
    [
      "Quarkus in one jar",
      [jar("target/a-runner.jar", quarkus)],
      "Quarkus",
      "java $JAVA_OPTS -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT -jar target/a-runner.jar",
    ],
    [
      "a .war with a runner",
      [jar("target/a.war"), jar("target/dependency/webapp-runner.jar", main)],
      "webapp-runner",
      "java $JAVA_OPTS -jar target/dependency/webapp-runner.jar $WEBAPP_RUNNER_OPTS --port $PORT target/a.war",
    ],
    [
      "a name with a blank",
      [jar("target/it's a.jar", main)],
      "plain jar",
      "java $JAVA_OPTS -jar 'target/it'\\''s a.jar'",
    ],
    [
      "one of a plain and Spring's",
      [jar("a/target/a.jar", main), jar("b/target/b.jar", spring)],
      "Spring Boot",
      "java $JAVA_OPTS -jar b/target/b.jar --server.port=$PORT",
    ],
  ])("%s", (_name, jars, kind, command) => {
    expect(javaWeb(jars)).toEqual({ kind, command });
  });

  it("is not known with none, or with several", () => {
    expect(javaWeb([])).toEqual({ kind: "none" });
    expect(javaWeb([jar("target/a.jar"), jar("target/a.war")])).toEqual({ kind: "none" });
    expect(javaWeb([jar("target/dependency/webapp-runner.jar", main)])).toEqual({ kind: "none" });
    expect(javaWeb([jar("a/target/a.jar", spring), jar("b/target/b.jar", spring)])).toEqual({
      ...{ kind: "several", paths: ["a/target/a.jar", "b/target/b.jar"] },
    });
  });

  it("does not go by what lies beside the app's archive", () => {
    const names = ["original-a.jar", "a-sources.jar", "a-javadoc.jar", "a-tests.jar", "a-plain.jar"];
    expect(names.map((name) => isBeside(`target/${name}`))).toEqual(names.map(() => true));
    expect([isBeside("target/plain.jar"), isBeside("target/sources-1.jar")]).toEqual([false, false]);
    expect(javaWeb([jar("build/libs/a-plain.jar", main), jar("build/libs/a.jar", spring)]).kind).toBe(
      "Spring Boot",
    );
  });
});
