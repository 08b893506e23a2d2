import { propertyOf } from "./java-version.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export const CENTRAL = "https://repo.maven.apache.org/maven2";

/** What is taken where the app names no version; its checksum is from Maven Central. */
export const DEFAULT_MAVEN = {
  version: "3.9.16",
  sha512:
    "831a8591fe20c8243b1dbe7d71e3244f31d1665b0804b2e825e38cbbe5ce0cafb8338851f90780735568773e0a6cd07bbec107cda0b896b008b861075358b6f6",
} as const;

/** Where artifacts come from: the operator's MAVEN_MIRROR_URL, else Maven Central. */
export function mavenRepository(env: Environment): string {
  return (env.MAVEN_MIRROR_URL?.trim() || CENTRAL).replace(/\/+$/, "");
}

export type MavenTool =
  | { readonly kind: "wrapper"; readonly why: string }
  | { readonly kind: "version"; readonly version: string; readonly why: string };

/** Which Maven builds: what system.properties names, else the wrapper of the repository, else ours; as on Heroku. */
export function mavenTool(project: {
  readonly systemProperties?: string | undefined;
  readonly hasWrapper: boolean;
}): MavenTool {
  const version = propertyOf(project.systemProperties, "maven.version");
  if (version !== undefined)
    return { kind: "version", version, why: "maven.version in system.properties asks" };
  if (project.hasWrapper) return { kind: "wrapper", why: "the repository has a wrapper" };
  return { kind: "version", version: DEFAULT_MAVEN.version, why: "no version is asked for" };
}

/**
 * The arguments of `mvn`: MAVEN_CUSTOM_OPTS in place of `-DskipTests`, MAVEN_CUSTOM_GOALS in place of `clean package`, as on
 * Heroku. Archives get a fixed time unless the app sets one, so that the same source gives the same bytes.
 */
export function mavenArguments(
  env: Environment,
  { repository, pom, settings, globalSettings }: MavenFiles,
): readonly string[] {
  const goals = words(env.MAVEN_CUSTOM_GOALS) ?? ["clean", "package"];
  const options = words(env.MAVEN_CUSTOM_OPTS) ?? ["-DskipTests"];
  const hasTime = /project\.build\.outputTimestamp/.test(`${pom ?? ""} ${options.join(" ")}`);
  return [
    ...["-B", "-ntp", `-Dmaven.repo.local=${repository}`],
    ...(globalSettings === undefined ? [] : ["-gs", globalSettings]),
    ...(settings === undefined ? [] : ["-s", settings]),
    ...(hasTime ? [] : ["-Dproject.build.outputTimestamp=2000-01-01T00:00:00Z"]),
    ...options,
    ...goals,
  ];
}

export interface MavenFiles {
  /** The folder that is Maven's local repository. */
  readonly repository: string;
  readonly pom?: string | undefined;
  /** The app's settings file. */
  readonly settings?: string | undefined;
  /** The file with the operator's settings. */
  readonly globalSettings?: string | undefined;
}

function words(text: string | undefined): readonly string[] | undefined {
  const found = text?.split(/\s+/).filter(Boolean);
  return found !== undefined && found.length > 0 ? found : undefined;
}

/**
 * The operator's settings for Maven as a settings.xml: MAVEN_MIRROR_URL in place of all other repositories, and the
 * proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which Java does not read. Undefined where there are none.
 */
export function mavenSettings(env: Environment): string | undefined {
  const mirror = env.MAVEN_MIRROR_URL?.trim();
  const without = (env.NO_PROXY ?? env.no_proxy ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  const proxies = [
    { protocol: "https", address: env.HTTPS_PROXY || env.https_proxy },
    { protocol: "http", address: env.HTTP_PROXY || env.http_proxy },
  ].flatMap(({ protocol, address }) => proxyElement(protocol, address, without));
  if (!mirror && proxies.length === 0) return undefined;
  const lines = ['<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">'];
  if (mirror)
    lines.push(
      "<mirrors><mirror><id>operator</id><mirrorOf>external:*</mirrorOf>",
      `<url>${escapeXml(mirror)}</url></mirror></mirrors>`,
    );
  if (proxies.length > 0) lines.push("<proxies>", ...proxies, "</proxies>");
  return [...lines, "</settings>", ""].join("\n");
}

function proxyElement(
  protocol: string,
  address: string | undefined,
  without: readonly string[],
): readonly string[] {
  if (!address || !URL.canParse(address)) return [];
  const { hostname, port, username, password, protocol: scheme } = new URL(address);
  const hosts = without.map((one) => (one.startsWith(".") ? `*${one}` : one)).join("|");
  const values = {
    ...{ id: `proxy-${protocol}`, active: "true", protocol, host: hostname },
    port: port || (scheme === "https:" ? "443" : "80"),
    ...(username === ""
      ? {}
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    ...(hosts === "" ? {} : { nonProxyHosts: hosts }),
  };
  const elements = Object.entries(values).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return [`<proxy>${elements.join("")}</proxy>`];
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
