import { describe, expect, it } from "vitest";
import { gradleTasks, proxyProperties, wrapperAddress } from "./gradle-plan.ts";

describe("the tasks", () => {
  it.each([
    [{ GRADLE_TASK: " stage  -x lint " }, "id 'org.springframework.boot'", "stage -x lint"],
    [{}, "id 'org.springframework.boot' version '3.5.0'", "build -x check"],
    [{}, "task stage(dependsOn: ['build'])\nid 'org.springframework.boot'", "stage"],
    [{}, 'tasks.register("stage") {}', "stage"],
    [{}, "tasks.create('stage')", "stage"],
    [{}, "id 'io.quarkus'", "build -x check"],
    [{}, "id 'io.ratpack.ratpack-java'", "installDist -x check"],
    [{}, "id 'com.github.johnrengelman.shadow'", "shadowJar -x check"],
    [{}, "plugins { id 'java' }", "assemble"],
    [{ GRADLE_TASK: "" }, "", "assemble"],
  ])("with %j and %j are %s", (env, build, expected) => {
    expect(gradleTasks(env, build).join(" ")).toBe(expected);
  });
});

it.each([
  [{}, ""],
  [
    { HTTPS_PROXY: "http://p.example:3128", NO_PROXY: "a, .b" },
    "-Dhttps.proxyHost=p.example -Dhttps.proxyPort=3128 -Dhttp.nonProxyHosts=a|*.b",
  ],
  [{ http_proxy: "http://p.example" }, "-Dhttp.proxyHost=p.example"],
  [{ HTTP_PROXY: "nonsense", NO_PROXY: "a" }, ""],
])("proxies %j are told to Java: %s", (env, expected) => {
  expect(proxyProperties(env).join(" ")).toBe(expected);
});

it.each([
  [undefined, undefined],
  [
    "distributionBase=X\ndistributionUrl=https\\://services.gradle.org/distributions/gradle-9.1-bin.zip\n",
    "https://services.gradle.org/distributions/gradle-9.1-bin.zip",
  ],
  ["#distributionUrl=x", undefined],
])("a wrapper's file %j names %s", (text, expected) => {
  expect(wrapperAddress(text)).toBe(expected);
});
