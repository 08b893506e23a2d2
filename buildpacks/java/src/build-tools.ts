import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import { clearLayer, openLayer, sameMetadata, saveLayer } from "../../shared/layer-folder.ts";
import { runTool } from "../../shared/run-tool.ts";
import { type Fetcher, unpackArchive } from "../../shared/verified-download.ts";
import { gradleTasks, proxyProperties, wrapperAddress } from "./gradle-plan.ts";
import { javaAdvice } from "./java-failures.ts";
import { DEFAULT_MAVEN, mavenArguments, mavenRepository, mavenSettings, mavenTool } from "./maven-plan.ts";

/** How much of a tool's output is looked through for the cause of a failure; characters. */
const MOST_KEPT = 500_000;

export interface JavaBuilding {
  readonly context: BuildContext;
  readonly fetcher: Fetcher;
  /** With JAVA_HOME, and the JDK first on PATH. */
  readonly env: BuildContext["env"];
  /** Options that every JVM of the build gets. */
  readonly jvmOptions: readonly string[];
  /** Files of the app by name, where they are there. */
  readonly files: Readonly<Record<string, string>>;
}

/** Builds the app with Maven. */
export async function buildWithMaven(building: JavaBuilding): Promise<void> {
  const { context, env, files, jvmOptions } = building;
  const cache = await cacheLayer(context, "maven-cache");
  const hasWrapper = files.mvnw !== undefined && files[".mvn/wrapper/maven-wrapper.properties"] !== undefined;
  const tool = mavenTool({ systemProperties: files["system.properties"], hasWrapper });
  const program =
    tool.kind === "wrapper"
      ? ["sh", "./mvnw"]
      : [path.join(await provideMaven(building, tool.version), "bin", "mvn")];
  const name = tool.kind === "wrapper" ? "the wrapper (./mvnw)" : `Maven ${tool.version}`;
  context.log.detail(`Using ${name}, as ${tool.why}`);
  const settings = mavenSettings(env);
  const globalSettings = path.join(cache, "operator-settings.xml");
  await rm(globalSettings, { force: true });
  if (settings !== undefined) await writeFile(globalSettings, settings, { mode: 0o600 });
  const args = mavenArguments(env, {
    repository: path.join(cache, "repository"),
    pom: files["pom.xml"],
    settings: env.MAVEN_SETTINGS_PATH ?? (files["settings.xml"] === undefined ? undefined : "settings.xml"),
    globalSettings: settings === undefined ? undefined : globalSettings,
  });
  const toolEnv = {
    ...env,
    MAVEN_OPTS: [...jvmOptions, env.MAVEN_OPTS, env.MAVEN_JAVA_OPTS].filter(Boolean).join(" "),
    MAVEN_USER_HOME: cache,
    ...(env.MAVEN_MIRROR_URL ? { MVNW_REPOURL: mavenRepository(env) } : {}),
  };
  const shown = args.filter(
    (arg, i) => !/^(-gs|-Dmaven\.repo\.local=.*|-B|-ntp)$/.test(arg) && args[i - 1] !== "-gs",
  );
  context.log.step(`Building with Maven (mvn ${shown.join(" ")})`);
  await runBuildTool(building, {
    program: [...program, ...args],
    env: toolEnv,
    failure: "Maven could not build the app.",
  });
  // Settings may hold a proxy's password, and are made anew by each build.
  await rm(globalSettings, { force: true });
}

/** A folder with Maven in it, in a layer that lasts from build to build. */
async function provideMaven({ context, fetcher, env }: JavaBuilding, version: string): Promise<string> {
  if (!/^[\w.-]{1,40}$/.test(version)) {
    throw new BuildFailure(`"${version}" is no version of Maven (maven.version in system.properties).`, [
      `Write it as ${DEFAULT_MAVEN.version}.`,
    ]);
  }
  const layer = await openLayer(context.layersDir, "maven");
  const metadata = { version, buildpack: context.version };
  if (!layer.restored || !sameMetadata(layer, metadata)) {
    await clearLayer(layer);
    const address = `${mavenRepository(env)}/org/apache/maven/apache-maven/${version}/apache-maven-${version}-bin.tar.gz`;
    context.log.detail(`Fetching Maven ${version}`);
    try {
      const sum =
        version === DEFAULT_MAVEN.version ? DEFAULT_MAVEN.sha512 : await fetcher.text(`${address}.sha512`);
      const hex = /^[0-9a-f]{128}/i.exec(sum.trim())?.[0];
      if (hex === undefined) throw new Error("the repository gives no checksum for it");
      const integrity = `sha512-${Buffer.from(hex, "hex").toString("base64")}`;
      const archive = await fetcher.file({ address, integrity });
      await unpackArchive(archive, layer.dir, { members: ["*"], env: context.env, signal: context.signal });
    } catch (thrown) {
      context.signal.throwIfAborted();
      throw new BuildFailure(`Maven ${version} could not be fetched: ${reasonOf(thrown)}.`, [
        "Name another version in system.properties (maven.version=3.9.16), or commit a wrapper: mvn wrapper:wrapper",
        "The operator can name a mirror of Maven Central in MAVEN_MIRROR_URL.",
      ]);
    }
  }
  await saveLayer(layer, { cache: true }, metadata);
  return layer.dir;
}

/** Builds the app with Gradle: the repository's wrapper, else the base's. */
export async function buildWithGradle(building: JavaBuilding): Promise<void> {
  const { context, env, files, jvmOptions } = building;
  const cache = await cacheLayer(context, "gradle-cache");
  const hasWrapper = files.gradlew !== undefined;
  const text = files["build.gradle"] ?? files["build.gradle.kts"] ?? "";
  const tasks = gradleTasks(env, text);
  const address = wrapperAddress(files["gradle/wrapper/gradle-wrapper.properties"]);
  if (!hasWrapper && !isOnPath(env, "gradle")) {
    throw new BuildFailure("The repository has no Gradle wrapper, and the base no Gradle.", [
      "Add a wrapper: gradle wrapper && git add gradlew gradle/wrapper",
    ]);
  }
  context.log.detail(
    hasWrapper
      ? `Using the wrapper (./gradlew)${address ? `, which fetches ${address}` : ""}`
      : "Using the base's Gradle",
  );
  const properties = [...jvmOptions.filter((option) => option.startsWith("-D")), ...proxyProperties(env)];
  const program = [
    ...(hasWrapper ? ["sh", "./gradlew"] : ["gradle"]),
    "--no-daemon",
    "--console=plain",
    ...properties,
    ...tasks,
  ];
  const toolEnv = {
    ...env,
    GRADLE_USER_HOME: cache,
    GRADLE_OPTS: [...jvmOptions, ...proxyProperties(env), env.GRADLE_OPTS].filter(Boolean).join(" "),
  };
  context.log.step(`Building with Gradle (${hasWrapper ? "./gradlew" : "gradle"} ${tasks.join(" ")})`);
  await runBuildTool(building, { program, env: toolEnv, failure: "Gradle could not build the app." });
}

async function cacheLayer(context: BuildContext, name: string): Promise<string> {
  const layer = await openLayer(context.layersDir, name);
  await mkdir(layer.dir, { recursive: true });
  await saveLayer(layer, { cache: true }, {});
  return layer.dir;
}

interface ToolCall {
  readonly program: readonly string[];
  readonly env: BuildContext["env"];
  readonly failure: string;
}

async function runBuildTool({ context }: JavaBuilding, { program, env, failure }: ToolCall): Promise<void> {
  const [command = "", ...args] = program;
  await refuseWindowsLines(context, args[0]);
  let output = "";
  const code = await runTool({
    ...{ command, args, env, cwd: context.appDir, signal: context.signal },
    log: {
      detail: (line) => {
        context.log.detail(line);
        output = `${output}${line}\n`.slice(-MOST_KEPT);
      },
    },
  });
  if (code !== 0) throw new BuildFailure(failure, javaAdvice(output));
}

/** A wrapper with Windows' line ends does not run here, and the shell's message says nothing of that. */
async function refuseWindowsLines({ appDir }: BuildContext, script: string | undefined): Promise<void> {
  if (script === undefined || !/^\.\/(mvnw|gradlew)$/.test(script)) return;
  if (!(await readFile(path.join(appDir, script), "utf8")).includes("\r\n")) return;
  throw new BuildFailure(`${script} has the line ends of Windows and cannot run.`, [
    `Commit it with others: echo "${script.slice(2)} text eol=lf" >> .gitattributes && git add --renormalize .`,
  ]);
}

function isOnPath(env: BuildContext["env"], program: string): boolean {
  return (env.PATH ?? "")
    .split(":")
    .some((folder) => folder !== "" && existsSync(path.join(folder, program)));
}
