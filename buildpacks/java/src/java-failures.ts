import { adviceFor, type KnownFailure } from "../../shared/logged-tool.ts";

const CAUSES: readonly KnownFailure[] = [
  {
    pattern:
      /(?:release version|invalid target release:|source release|Source option|class file version) ["']?([\d.]+)/,
    advice: [
      "The app is compiled for Java $1, which this JDK does not do. Ask for that one:",
      '  echo "java.runtime.version=$1" > system.properties',
    ],
  },
  {
    pattern:
      /Cannot find a Java installation[\s\S]*?languageVersion=(\d+)|No matching toolchains? found[\s\S]*?(\d+)/,
    advice: [
      "The build's toolchain wants Java $1, which is not this JDK. Ask for that one:",
      '  echo "java.runtime.version=$1" > system.properties',
    ],
  },
  {
    pattern: /Unsupported class file major version|Could not determine java version/,
    advice: [
      "This Gradle is too old for this JDK. Raise it (./gradlew wrapper --gradle-version <newer>), or ask for an older",
      'JDK: echo "java.runtime.version=17" > system.properties',
    ],
  },
  {
    pattern:
      /Downloading (https?:\/\/\S+)[\s\S]*?(?:UnknownHostException|ConnectException|timed out|Failed to connect)/,
    advice: [
      "The wrapper could not fetch Gradle from $1.",
      "Set distributionUrl in gradle/wrapper/gradle-wrapper.properties to a mirror that builds can reach, or ask the operator.",
    ],
  },
  {
    pattern: /[Ss]tatus(?: code)?:? ?:?(401|403)|Not authorized|authentication failed/i,
    advice: [
      "A repository refused the build ($1). Put its password into a config var, and have a settings.xml at the top of the",
      "source read it: <password>$" + "{env.MAVEN_PASSWORD}</password>",
    ],
  },
  {
    pattern: /Task '([^']+)' not found/,
    advice: ["There is no task $1. Name one that makes the app: heroku config:set GRADLE_TASK=assemble"],
  },
  {
    pattern: /Could not find artifact (\S+)|Could not find ([\w.-]+:[\w.-]+:[\w.-]*\w)/,
    advice: [
      "$1 is in none of the repositories. Check its name and version, or add the repository that has it.",
    ],
  },
  {
    pattern:
      /UnknownHostException|Unknown host|Connection refused|PKIX path building failed|Connect(?:ion)? timed out/,
    advice: [
      "A repository could not be reached. Push again later. The operator can name a mirror of Maven Central in",
      "MAVEN_MIRROR_URL.",
    ],
  },
  {
    pattern: /OutOfMemoryError|Killed|exit(?:ed)? (?:value|code) 137|insufficient memory/,
    advice: ["The build ran out of memory. Give Maven less: heroku config:set MAVEN_JAVA_OPTS=-Xmx384m"],
  },
  {
    pattern: /COMPILATION ERROR|Compilation failed/,
    advice: ["The code does not compile; see the errors above."],
  },
  {
    pattern: /There are test failures|There were failing tests/,
    advice: ["Tests fail. A build need not run them: MAVEN_CUSTOM_OPTS=-DskipTests is the default."],
  },
  {
    pattern: /[Nn]o such file or directory.*gradle-wrapper\.jar|Unable to access jarfile|GradleWrapperMain/,
    advice: [
      "gradle/wrapper/gradle-wrapper.jar is not in the repository. Add it: git add -f gradle/wrapper/gradle-wrapper.jar",
    ],
  },
];

/** What to do about a failure of Maven or Gradle, by what it has written. */
export function javaAdvice(output: string): readonly string[] {
  return adviceFor(CAUSES, output);
}
