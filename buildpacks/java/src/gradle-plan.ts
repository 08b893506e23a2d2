type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The tasks that Gradle runs: GRADLE_TASK, else `stage` where the build defines one, else what makes the archive of the
 * framework that the build file names; as on Heroku. Tests are not run.
 */
export function gradleTasks(env: Environment, build: string): readonly string[] {
  const asked = env.GRADLE_TASK?.split(/\s+/).filter(Boolean);
  if (asked !== undefined && asked.length > 0) return asked;
  if (/\btask\s+stage\b|tasks?\.(?:register|create)\s*\(\s*["']stage["']/.test(build)) return ["stage"];
  if (/io\.ratpack\.ratpack/.test(build)) return ["installDist", "-x", "check"];
  if (/org\.springframework\.boot|io\.quarkus/.test(build)) return ["build", "-x", "check"];
  if (/shadow|io\.micronaut\.application|io\.ktor\.plugin/.test(build)) return ["shadowJar", "-x", "check"];
  return ["assemble"];
}

/** Java's way to be told of a proxy, which it does not take from the environment. */
export function proxyProperties(env: Environment): readonly string[] {
  const pairs = [
    ["https", env.HTTPS_PROXY || env.https_proxy],
    ["http", env.HTTP_PROXY || env.http_proxy],
  ] as const;
  const found = pairs.flatMap(([protocol, address]) => {
    if (!address || !URL.canParse(address)) return [];
    const { hostname, port } = new URL(address);
    return [`-D${protocol}.proxyHost=${hostname}`, ...(port ? [`-D${protocol}.proxyPort=${port}`] : [])];
  });
  const without = (env.NO_PROXY ?? env.no_proxy ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  if (found.length === 0 || without.length === 0) return found;
  return [
    ...found,
    `-Dhttp.nonProxyHosts=${without.map((one) => (one.startsWith(".") ? `*${one}` : one)).join("|")}`,
  ];
}

/** Where a wrapper fetches Gradle from; undefined where its file does not say. */
export function wrapperAddress(properties: string | undefined): string | undefined {
  const value = /^\s*distributionUrl\s*[=:]\s*(\S+)/m.exec(properties ?? "")?.[1];
  return value?.replaceAll("\\", "");
}
