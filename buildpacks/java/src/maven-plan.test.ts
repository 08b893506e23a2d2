import { describe, expect, it } from "vitest";
import { mavenArguments, mavenRepository, mavenSettings, mavenTool } from "./maven-plan.ts";

describe("which Maven", () => {
  it.each<[Parameters<typeof mavenTool>[0], string]>([
    [{ hasWrapper: false }, "3.9.16"],
    [{ hasWrapper: true }, "wrapper"],
    [{ hasWrapper: true, systemProperties: "maven.version=3.8.8\n" }, "3.8.8"],
    [{ hasWrapper: true, systemProperties: "java.runtime.version=17\n" }, "wrapper"],
  ])("with %j is %s", (project, expected) => {
    const tool = mavenTool(project);
    expect(tool.kind === "wrapper" ? tool.kind : tool.version).toBe(expected);
  });
});

it("artifacts come from the operator's mirror, else from Maven Central", () => {
  expect(mavenRepository({})).toBe("https://repo.maven.apache.org/maven2");
  expect(mavenRepository({ MAVEN_MIRROR_URL: "https://m.example/repo/" })).toBe("https://m.example/repo");
});

describe("the arguments", () => {
  const on = (env: Record<string, string>, more = {}) =>
    mavenArguments(env, { repository: "/r", ...more }).join(" ");
  const FIRST = "-B -ntp -Dmaven.repo.local=/r";
  const TIME = "-Dproject.build.outputTimestamp=2000-01-01T00:00:00Z";

  it.each<[Record<string, string>, object, string]>([
    [{}, {}, `${FIRST} ${TIME} -DskipTests clean package`],
    [
      { MAVEN_CUSTOM_GOALS: " clean  verify ", MAVEN_CUSTOM_OPTS: "-Pprod -q" },
      {},
      `${FIRST} ${TIME} -Pprod -q clean verify`,
    ],
    [{ MAVEN_CUSTOM_GOALS: " ", MAVEN_CUSTOM_OPTS: "" }, {}, `${FIRST} ${TIME} -DskipTests clean package`],
    [
      {},
      { settings: "settings.xml", globalSettings: "/g" },
      `${FIRST} -gs /g -s settings.xml ${TIME} -DskipTests clean package`,
    ],
    [
      {},
      { pom: "<project.build.outputTimestamp>1</project.build.outputTimestamp>" },
      `${FIRST} -DskipTests clean package`,
    ],
    [
      { MAVEN_CUSTOM_OPTS: "-Dproject.build.outputTimestamp=2" },
      {},
      `${FIRST} -Dproject.build.outputTimestamp=2 clean package`,
    ],
  ])("with %j and %j", (env, files, expected) => {
    expect(on(env, files)).toBe(expected);
  });
});

describe("the operator's settings", () => {
  it("are none where there are none", () => {
    expect([mavenSettings({}), mavenSettings({ HTTPS_PROXY: "not an address", NO_PROXY: "x" })]).toEqual([
      ...[undefined, undefined],
    ]);
  });

  it("name a mirror in place of all others, escaped", () => {
    const text = mavenSettings({ MAVEN_MIRROR_URL: "https://m.example/?a&b" });
    expect(text).toContain("<mirrorOf>external:*</mirrorOf>\n<url>https://m.example/?a&amp;b</url>");
  });

  it("name proxies in Java's words", () => {
    const text = mavenSettings({
      HTTPS_PROXY: "http://us%40er:p%3Cw@proxy.example:3128",
      http_proxy: "https://other.example",
      NO_PROXY: "localhost, .example.com",
    });
    expect(text).toContain(
      "<proxy><id>proxy-https</id><active>true</active><protocol>https</protocol><host>proxy.example</host><port>3128</port><username>us@er</username><password>p&lt;w</password><nonProxyHosts>localhost|*.example.com</nonProxyHosts></proxy>",
    );
    expect(text).toContain("<protocol>http</protocol><host>other.example</host><port>443</port>");
    expect(text).not.toContain("<mirror>");
  });
});
