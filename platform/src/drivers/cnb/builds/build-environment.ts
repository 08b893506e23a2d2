import type { BuildSpec } from "../../../delivery/build/index.ts";

/** Where the file view of every sandbox has the certificates to trust. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** Variables by which tools find certificates to trust: OpenSSL, Node.js, pip and requests, curl, git, npm, Cargo. */
const CERTIFICATE_VARIABLES = [
  ...["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
  ...["GIT_SSL_CAINFO", "npm_config_cafile", "CARGO_HTTP_CAINFO", "BUNDLE_SSL_CA_CERT"],
];

/** Settings of the operator's own environment that say where packages come from. */
const MIRROR_VARIABLES = [
  ...[
    "npm_config_registry",
    "NPM_CONFIG_REGISTRY",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
  ],
  ...["UV_INDEX_URL", "GOPROXY", "GONOSUMDB", "GOFLAGS", "BUNDLE_MIRROR__ALL"],
  ...["GOSUMDB", "GOPRIVATE", "GONOPROXY", "MAVEN_MIRROR_URL"],
];

/** Inherited by buildpacks as they are (Platform API 0.15); tools and tools' children read both spellings. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** Of the operator's environment, what builds are given. */
export function operatorVariables(host: Environment): Record<string, string> {
  const names = [...MIRROR_VARIABLES, ...PROXY_VARIABLES];
  return Object.fromEntries(names.flatMap((name) => (host[name] ? [[name, host[name]]] : [])));
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Files of `<build-config>/env`: defaults that a config var of the app may replace, and what only we may say. */
export function operatorFiles(host: Environment, runtimeSources: readonly string[]): Record<string, string> {
  const files: Record<string, string> = { "CONIFER_RUNTIME_SOURCES.override": runtimeSources.join(" ") };
  for (const name of CERTIFICATE_VARIABLES) files[`${name}.default`] = CERTIFICATES;
  for (const name of MIRROR_VARIABLES) {
    const value = host[name];
    if (value) files[`${name}.default`] = value;
  }
  return files;
}

/**
 * What Dockerfiles may declare as arguments: where steps find the certificates to trust, and where packages come from. Without
 * addresses that hold a login, since the history of an image tells its arguments.
 */
export function offeredArguments(host: Environment, certificates: string): Readonly<Record<string, string>> {
  const mirrors = MIRROR_VARIABLES.flatMap((name) => {
    const value = host[name];
    return value && !/:\/\/[^/]*@/.test(value) ? [[name, value] as const] : [];
  });
  const trust = CERTIFICATE_VARIABLES.map((name) => [name, certificates] as const);
  return Object.fromEntries([...mirrors, ...trust]);
}

/** Files of `<platform>/env`: the app's config vars, then what the source's project.toml sets, then the build's own. */
export function userFiles(
  spec: Pick<BuildSpec, "env" | "sourceVersion" | "stack">,
  projectEnv: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = { ...projectEnv, ...spec.env, SOURCE_VERSION: spec.sourceVersion, STACK: spec.stack };
  return Object.fromEntries(Object.entries(all).filter(([name]) => /^[^/.\0][^/\0]*$/.test(name)));
}

/** The environment of the phase program itself. */
export function phaseEnvironment(host: Environment): Record<string, string> {
  return {
    PATH: "/cnb/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/home/dyno",
    LANG: "C.UTF-8",
    CNB_PLATFORM_API: "0.15",
    CNB_EXPERIMENTAL_MODE: "silent",
    ...proxiesOf(host),
  };
}

/** The environment of a phase program of a builder image: what the image says, and what the platform has to say. */
export function builderEnvironment(
  { env, platformApi }: { readonly env: Environment; readonly platformApi: string },
  home: string,
  host: Environment,
): Record<string, string> {
  const own = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return {
    ...{ HOME: home, PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    ...Object.fromEntries(own),
    ...platformEnvironment(platformApi, host),
  };
}

/** What the platform has to say to phase programs of a builder image, beside what the image says itself. */
export function platformEnvironment(platformApi: string, host: Environment): Record<string, string> {
  return {
    CNB_PLATFORM_API: platformApi,
    // The layout form is asked for on purpose. Lifecycles know `quiet`; the specification's `silent` makes some warn.
    CNB_EXPERIMENTAL_MODE: "quiet",
    CNB_NO_COLOR: "true",
    ...proxiesOf(host),
  };
}

function proxiesOf(host: Environment): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of PROXY_VARIABLES) {
    const value = host[name];
    if (value) env[name] = value;
  }
  return env;
}
