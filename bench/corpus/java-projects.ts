import { existsSync } from "node:fs";
import { type CorpusProject, greets } from "./corpus-project.ts";

const language = "Java";
const APP = "src/main/java/com/example/App.java";

const SERVER = `package com.example;

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class App {
  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress(Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext("/", exchange -> {
      byte[] body = "Hello from Java".getBytes();
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
  }
}
`;
const SPRING = `package com.example;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class App {
  public static void main(String[] args) {
    SpringApplication.run(App.class, args);
  }

  @GetMapping("/")
  public String home() {
    return "Hello from Spring";
  }
}
`;
const JAVALIN = `package com.example;

import io.javalin.Javalin;

public class App {
  public static void main(String[] args) {
    Javalin.create().get("/", context -> context.result("Hello from Javalin")).start(Integer.parseInt(System.getenv("PORT")));
  }
}
`;

const MAIN =
  "<configuration><archive><manifest><mainClass>com.example.App</mainClass></manifest></archive></configuration>";
const MAVEN = "org.apache.maven.plugins";
const plugin = (name: string, version: string, inside = "") =>
  `<plugin><groupId>${MAVEN}</groupId><artifactId>maven-${name}-plugin</artifactId><version>${version}</version>${inside}</plugin>`;
const dependency = (group: string, name: string, version = "") =>
  `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId>${version && `<version>${version}</version>`}</dependency>`;

const pom = (inside: string) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.example</groupId>
  <artifactId>app</artifactId>
  <version>1.0.0</version>
${inside}
</project>
`;
const RELEASE_17 = "<properties><maven.compiler.release>17</maven.compiler.release></properties>";
const PLAIN_POM = pom(`${RELEASE_17}<build><plugins>${plugin("jar", "3.4.1", MAIN)}</plugins></build>`);

const springPom = (more = "") =>
  `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.5.6</version></parent>
  <groupId>com.example</groupId><artifactId>app</artifactId><version>1.0.0</version>
  <properties><java.version>17</java.version></properties>
  <dependencies>${dependency("org.springframework.boot", "spring-boot-starter-web")}</dependencies>
  <build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>
${more}</project>
`;

const SHADE = `${plugin(
  "shade",
  "3.6.0",
  `<executions><execution><phase>package</phase><goals><goal>shade</goal></goals><configuration><createDependencyReducedPom>false</createDependencyReducedPom><transformers><transformer implementation="org.apache.maven.plugins.shade.resource.ManifestResourceTransformer"><mainClass>com.example.App</mainClass></transformer></transformers></configuration></execution></executions>`,
)}`;

const ARCHETYPE = [
  ...["mvn", "-B", "-q", "org.apache.maven.plugins:maven-archetype-plugin:3.4.0:generate"],
  "-DarchetypeGroupId=org.apache.maven.archetypes",
  ...["-DarchetypeArtifactId=maven-archetype-quickstart", "-DarchetypeVersion=1.5"],
  ...["-DgroupId=com.example", "-DartifactId=app", "-Dpackage=com.example", "-DjavaCompilerVersion=17"],
];
const QUARKUS = ["mvn", "-B", "-q", "io.quarkus.platform:quarkus-maven-plugin:3.27.0:create"];

const noJdk = () => (existsSync("/usr/lib/jvm") ? undefined : "the base has no JDK");
const noGradle = () =>
  existsSync("/usr/bin/gradle") ? undefined : "Gradle is in no package registry, and the base has none";

/** What Maven and Gradle make. */
export const javaProjects: readonly CorpusProject[] = (
  [
    { name: "java-maven-plain-jar", files: { "pom.xml": PLAIN_POM, [APP]: SERVER }, ...greets(APP) },
    {
      name: "java-system-properties",
      files: { "pom.xml": PLAIN_POM, [APP]: SERVER, "system.properties": "java.runtime.version=17\n" },
      ...greets(APP),
    },
    {
      name: "java-maven-archetype",
      scaffold: [ARCHETYPE],
      files: { [APP]: SERVER, Procfile: "web: java -cp target/classes com.example.App\n" },
      ...greets(APP),
    },
    {
      name: "java-maven-javalin",
      files: {
        "pom.xml": pom(
          `${RELEASE_17}<dependencies>${dependency("io.javalin", "javalin", "6.7.0")}</dependencies><build><plugins>${SHADE}</plugins></build>`,
        ),
        [APP]: JAVALIN,
      },
      ...greets(APP),
    },
    { name: "spring-boot", files: { "pom.xml": springPom(), [APP]: SPRING }, ...greets(APP) },
    {
      name: "spring-boot-wrapper",
      files: { "pom.xml": springPom(), [APP]: SPRING },
      finish: [
        ["mvn", "-B", "-q", "org.apache.maven.plugins:maven-wrapper-plugin:3.3.4:wrapper", "-Dmaven=3.9.11"],
      ],
      ...greets(APP),
    },
    {
      name: "quarkus",
      scaffold: [
        [
          ...QUARKUS,
          "-DprojectGroupId=com.example",
          "-DprojectArtifactId=app",
          "-Dextensions=rest",
          "-DclassName=com.example.Home",
          "-Dpath=/",
        ],
      ],
      ...greets("src/main/java/com/example/Home.java"),
    },
    {
      name: "java-gradle",
      files: {
        "build.gradle":
          "plugins { id 'java' }\njar { manifest { attributes 'Main-Class': 'com.example.App' } }\n",
        [APP]: SERVER,
      },
      missing: noGradle,
      ...greets(APP),
    },
  ] satisfies readonly Omit<CorpusProject, "language">[]
).map((project) => ({ missing: noJdk, ...project, language }));
