import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { shellProcess, writeLaunchFile } from "../../shared/launch-file.ts";
import { keepCaches } from "../../shared/layer-folder.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { buildWithGradle, buildWithMaven, type JavaBuilding } from "./build-tools.ts";
import { findJars } from "./find-jars.ts";
import { type JavaWeb, javaWeb } from "./java-processes.ts";
import { readJavaFiles, requirementOf } from "./java-project.ts";
import { makeRuntime } from "./make-runtime.ts";
import { provideJdk } from "./provide-jdk.ts";
import { tidyOutput } from "./tidy-output.ts";
import { trustStore } from "./trust-store.ts";

/** Where the base's bundle of trusted certificates is, unless SSL_CERT_FILE says otherwise. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** Builds a Java app: a JDK for the build, the archive by Maven or Gradle, and a runtime for the image. */
export async function build(context: BuildContext): Promise<void> {
  const { log } = context;
  log.step("Java app detected");
  const files = await readJavaFiles(context);
  const fetcher = makeFetcher(context.env, context.signal);
  const own = await mkdtemp(path.join(tmpdir(), "conifer-java-"));
  try {
    const jdk = await provideJdk(context, requirementOf(files), { fetcher });
    const trust = await trustedCertificates(context);
    const jvmOptions: string[] = [];
    if (trust !== undefined) {
      await writeFile(path.join(own, "trust.jks"), trust);
      jvmOptions.push(`-Djavax.net.ssl.trustStore=${path.join(own, "trust.jks")}`);
    }
    const env = {
      ...context.env,
      JAVA_HOME: jdk.home,
      PATH: `${path.join(jdk.home, "bin")}:${context.env.PATH}`,
    };
    await makeRuntime(context, jdk, trust);
    const building: JavaBuilding = { context, fetcher, env, jvmOptions, files };
    if (files["pom.xml"] !== undefined || files.mvnw !== undefined) await buildWithMaven(building);
    else await buildWithGradle(building);
    await tidyOutput(context.appDir);
    await keepCaches(context.layersDir, ["maven", "maven-cache", "gradle-cache"]);
    await writeProcesses(context, javaWeb(await findJars(context.appDir)), files.Procfile !== undefined);
  } finally {
    await rm(own, { recursive: true, force: true });
    await fetcher.close();
  }
}

async function trustedCertificates({ env }: BuildContext): Promise<Buffer | undefined> {
  const bundle = await readFile(env.SSL_CERT_FILE ?? CERTIFICATES, "utf8").catch(() => undefined);
  return bundle === undefined ? undefined : trustStore(bundle);
}

async function writeProcesses(context: BuildContext, web: JavaWeb, hasProcfile: boolean): Promise<void> {
  const { log } = context;
  if ("command" in web) {
    log.detail(`Default process (${web.kind}): web: ${web.command}`);
    const line = web.command.replace(/^java /, "exec java ");
    return await writeLaunchFile(context.layersDir, { processes: [shellProcess("web", line)] });
  }
  await writeLaunchFile(context.layersDir, { processes: [] });
  if (hasProcfile) return;
  if (web.kind === "several") {
    log.warn(
      `Several archives could be the app: ${web.paths.join(", ")}. Add a Procfile, for example with the line:\n  web: java $JAVA_OPTS -jar ${web.paths[0]}`,
    );
  } else {
    log.warn(
      "The build left no archive that says how it starts. Add a Procfile, for example with the line:\n  web: java $JAVA_OPTS -cp target/classes:target/dependency/* Main",
    );
  }
}
