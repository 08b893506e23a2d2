import type { Manifest } from "./jar-manifest.ts";

/** An archive that the build has made, by its path in the app. */
export interface BuiltJar {
  readonly path: string;
  readonly manifest: Manifest;
}

export type JavaWeb =
  | { readonly kind: "Spring Boot" | "Quarkus" | "plain jar" | "webapp-runner"; readonly command: string }
  /** More than one could be meant. */
  | { readonly kind: "several"; readonly paths: readonly string[] }
  | { readonly kind: "none" };

/** Archives beside the app's own, by what build tools call them. */
const BESIDE = /(?:^|\/)original-[^/]*$|-(?:sources|javadoc|tests|test-fixtures|plain)\.jar$/;

export function isBeside(path: string): boolean {
  return BESIDE.test(path);
}

/**
 * How the app serves the web, by the archives its build has left: those of Quarkus and Spring Boot by what is in their
 * manifests, then a jar that names a main class, then a .war beside a webapp-runner. Ports are set as each takes them.
 */
export function javaWeb(jars: readonly BuiltJar[]): JavaWeb {
  const own = jars.filter(({ path }) => !isBeside(path));
  const quarkus = own.filter(isQuarkus);
  const spring = own.filter((one) => one.manifest["Spring-Boot-Version"] !== undefined && isExecutable(one));
  const runner = own.find(({ path }) => /(?:^|\/)dependency\/webapp-runner\.jar$/.test(path));
  const wars = own.filter((one) => one.path.endsWith(".war") && !isExecutable(one));
  const plain = own.filter(
    (one) => isExecutable(one) && one !== runner && !one.path.includes("/dependency/"),
  );
  if (quarkus.length > 0)
    return only(
      quarkus,
      "Quarkus",
      (jar) => `java $JAVA_OPTS -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT -jar ${jar}`,
    );
  if (spring.length > 0)
    return only(spring, "Spring Boot", (jar) => `java $JAVA_OPTS -jar ${jar} --server.port=$PORT`);
  if (runner !== undefined && wars.length > 0) {
    return only(
      wars,
      "webapp-runner",
      (war) => `java $JAVA_OPTS -jar ${quoted(runner.path)} $WEBAPP_RUNNER_OPTS --port $PORT ${war}`,
    );
  }
  if (plain.length > 0) return only(plain, "plain jar", (jar) => `java $JAVA_OPTS -jar ${jar}`);
  return { kind: "none" };
}

function isExecutable({ manifest }: BuiltJar): boolean {
  return manifest["Main-Class"] !== undefined;
}

/** `quarkus-run.jar` of the usual layout, or one jar with all. */
function isQuarkus({ path, manifest }: BuiltJar): boolean {
  if (/(?:^|\/)quarkus-app\/quarkus-run\.jar$/.test(path)) return true;
  return path.endsWith("-runner.jar") && /^io\.quarkus\./.test(manifest["Main-Class"] ?? "");
}

function only(
  jars: readonly BuiltJar[],
  kind: Exclude<JavaWeb["kind"], "several" | "none">,
  command: (jar: string) => string,
): JavaWeb {
  const [first, ...others] = jars;
  if (first === undefined || others.length > 0)
    return { kind: "several", paths: jars.map(({ path }) => path) };
  return { kind, command: command(quoted(first.path)) };
}

/** A path as a word of shell. */
function quoted(path: string): string {
  return /^[\w./+@-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
