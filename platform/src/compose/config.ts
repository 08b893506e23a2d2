import { isIP } from "node:net";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { parseS3Place, type S3Place } from "../drivers/s3/client/index.ts";
import { type Home, makeHome } from "./home.ts";
import { EMAIL, readTls, type TlsSettings } from "./tls-settings.ts";
import { readTraces, type TraceSettings } from "./trace-settings.ts";

/** Every setting of a Conifer process, complete. Read once, at start. */
export interface Config extends TlsSettings {
  /**
   * CONIFER_HOME: the state directory. Default `~/.conifer`. CONIFER_KEYS: a folder with keys that the installation made,
   * in place of those in the home.
   */
  readonly home: Home;
  /** CONIFER_PORT: the API, git and every other Heroku side host. Default 6400. */
  readonly apiPort: number;
  /** CONIFER_ROUTER_PORT: apps over http. Default 8080. */
  readonly routerPort: number;
  /** CONIFER_WEB_PORT: the port in apps' addresses, where visitors come by another one. Default: the router's. */
  readonly webPort: number;
  /** CONIFER_ROUTER_TLS_PORT: apps over https. Default 8443. */
  readonly routerTlsPort: number;
  /**
   * CONIFER_ROUTER_LEAVE: seconds that a router that ends still takes requests, each told to come to another. Default:
   * none.
   */
  readonly routerLeave: number;
  /** CONIFER_LISTEN: addresses to listen on, separated by commas. Default 127.0.0.1, and ::1 where present. */
  readonly listen: readonly string[] | undefined;
  /** CONIFER_REGISTRY: whether the registry runs, whose images nodes pull. Default `on` with the engine `kubernetes`. */
  readonly registry: boolean;
  /** CONIFER_REGISTRY_PORT: the registry, http. Default: that of CONIFER_REGISTRY_ADDRESS, else 6450. */
  readonly registryPort: number;
  /** CONIFER_REGISTRY_LISTEN: its addresses. Default: that of CONIFER_REGISTRY_ADDRESS, else those of CONIFER_LISTEN. */
  readonly registryListen: readonly string[] | undefined;
  /** CONIFER_REGISTRY_QUOTA: gigabytes (2^30 bytes) that a repository of the registry may hold. Default: not bounded. */
  readonly registryQuota: number | undefined;
  /**
   * CONIFER_REGISTRY_SPACE_QUOTA: gigabytes that all repositories of a space may hold together: a number for every space but
   * `conifer`, and `<space>=<number>` for one. Default: not bounded.
   */
  readonly registrySpaceQuota: SpaceQuota;
  /** CONIFER_REGISTRY_STORAGE: where the registry of a cluster keeps images, with the CONIFER_S3_ settings. Default: its disk. */
  readonly registryStorage: S3Storage | undefined;
  /**
   * CONIFER_SIGNED_IMAGES: `required` lets dynos start only of images that this installation has signed, as it does with all
   * that it builds. Default `off`.
   */
  readonly signedImages: boolean;
  /** CONIFER_ADVISORIES: known weaknesses of packages, a folder or zip file of OSV documents. Default: none. */
  readonly advisories: string | undefined;
  /** CONIFER_DOMAIN: apps answer at `<app>.<domain>`. Default `localhost`. */
  readonly domain: string;
  /** CONIFER_ADMIN_EMAIL, CONIFER_ADMIN_PASSWORD: the first account. Default: made at first start. */
  readonly adminEmail: string | undefined;
  readonly adminPassword: string | undefined;
  /** CONIFER_ADMIN_TOKEN: its first token. Default: made at first start. */
  readonly adminToken: string | undefined;
  /** DATABASE_URL: a PostgreSQL to use instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** CONIFER_ENGINE: where dynos run. */
  readonly engine: "embedded" | "kubernetes";
  /** KUBECONFIG: the cluster of the engine `kubernetes`. Default: the one that Conifer runs in. */
  readonly kubeconfig: string | undefined;
  /** CONIFER_NAMESPACE: where dynos outside of spaces run. Default `conifer-apps`. */
  readonly namespace: string;
  /** CONIFER_REGISTRY_ADDRESS: the registry as the cluster's nodes call it, `<host>:<port>`. */
  readonly registryAddress: string | undefined;
  /** CONIFER_ROUTER_RANGES: from where routers reach dynos. Default: this machine's address towards the API server. */
  readonly routerRanges: readonly string[] | undefined;
  /** CONIFER_SYSTEM_NAMESPACE: where Conifer's own roles run, when they run in the cluster. */
  readonly systemNamespace: string | undefined;
  /** POD_NAME: the pod of this process, there. Default: the host's name. */
  readonly podName: string;
  /** CONIFER_LOG_AGENT: whether agents on the nodes read what dynos write; if not, a worker does. Default `on`. */
  readonly logAgent: boolean;
  /** NODE_NAME: the node of this process, there; for the role `agent`. */
  readonly nodeName: string | undefined;
  /** CONIFER_PROBE_PORT: where this process tells whether it lives and is ready, http. Default: nowhere. */
  readonly probePort: number | undefined;
  /** CONIFER_METRICS_TOKEN: reads metrics, and readiness in full. Default on one machine: `keys/metrics.token`, made once. */
  readonly metricsToken: string | undefined;
  /** OTEL_EXPORTER_OTLP_ENDPOINT and its like: where traces go. Default: there are none. */
  readonly traces: TraceSettings | undefined;
  /** CONIFER_DATABASE_PASSWORD: of the role `database`, where it serves other pods. */
  readonly databasePassword: string | undefined;
  /** CONIFER_OPEN_RANGES: private ranges that dynos in a cluster may reach, such as a database's. Default: none. */
  readonly openRanges: readonly string[];
  /** CONIFER_CLOSED_RANGES: public ranges that they may not, such as those of the cluster's nodes. Default: none. */
  readonly closedRanges: readonly string[];
  /** CONIFER_SIZE_NODES: dyno sizes with nodes of their own, each as `<size>=<label>:<value>`. Default: none. */
  readonly sizeNodes: readonly string[];
  /** CONIFER_DYNO_DISK: gigabytes (2^30 bytes) that a dyno may write to its files, and 250,000 files for each. Default 4. */
  readonly dynoDisk: number;
  /** CONIFER_SLEEP_AFTER: seconds without a request after which apps whose dynos are of a size that sleeps do. Default 1800. */
  readonly sleepAfter: number;
  /**
   * CONIFER_MEMORY_FACTOR: how many times this machine's memory the sizes of its dynos may add up to, from 0.01 to 100.
   * Default 4.
   */
  readonly memoryFactor: number;
  /** CONIFER_DAILY_CYCLING: whether dynos are replaced once a day. Default `off`. */
  readonly dailyCycling: boolean;
  /** CONIFER_CA_BUNDLE: certificates that builds and dynos trust. Default: the host's. */
  readonly caBundle: string | undefined;
  /** CONIFER_RUNTIME_SOURCES: where builds get runtimes, in order: `official`, `registry`, `debian`, or `<language>=<URL>` of a mirror. */
  readonly runtimeSources: readonly string[];
  /** CONIFER_RUN_IMAGE: what images stand on, as CONIFER_BUILDER_IMAGE. Default: this machine's own base. */
  readonly runImage: string | undefined;
  /**
   * CONIFER_BUILDER_IMAGE: the image that builds run in. As pods: a folder with its OCI layout, or its name in our registry,
   * `<repository>@<digest>`. On this machine: a builder image of anybody's, by its name in a registry, as a folder with its
   * OCI layout, or as a tar of one. Default: builds run on this machine, in what Conifer brings.
   */
  readonly builderImage: string | undefined;
  /**
   * CONIFER_PULL_REGISTRIES: registries that builders may come from although their addresses are private, each as
   * `<host>`, or `<host>=<url>` with a mirror's address that is asked first, also for base images. Default: those of the public internet.
   */
  readonly pullRegistries: readonly { readonly host: string; readonly url?: string }[];
  /**
   * CONIFER_PULL_CREDENTIALS: a file with users and passwords of registries that builders and base images of Dockerfiles come
   * from, as docker login writes it. Every app may name an image, and so have what they open. Default: nobody's.
   */
  readonly pullCredentials: string | undefined;
  /**
   * CONIFER_DEFAULT_BUILDER: with builds as pods, the builder image of somebody else's that sources are built in that name
   * none. Default: what Conifer brings.
   */
  readonly defaultBuilder: string | undefined;
  /** CONIFER_ARCHITECTURES: `amd64` and `arm64`, what sources are built for that do not say. Default: what Conifer runs on. */
  readonly architectures: readonly ("amd64" | "arm64")[] | undefined;
  /** CONIFER_OTHER_BUILDER_IMAGE: as CONIFER_BUILDER_IMAGE, for the processors that Conifer does not run on. Default: none. */
  readonly otherBuilderImage: string | undefined;
  /** CONIFER_OTHER_RUN_IMAGE: as CONIFER_RUN_IMAGE, for the same. Default: the one that the builder image names. */
  readonly otherRunImage: string | undefined;
  /**
   * CONIFER_BUILD_NETWORK: what builds on this machine have, `own` networks, as dynos, or the `machine`'s. Default: their own,
   * unless a proxy, mirror or registry that they are given is on this machine, or its firewall forwards nothing.
   */
  readonly buildNetwork: "own" | "machine" | undefined;
  /** CONIFER_BUILD_NAMESPACE: where builds run as pods. Default `conifer-builds`. */
  readonly buildNamespace: string;
  /**
   * CONIFER_DOCKERFILE_NAMESPACE: where Dockerfiles are built as pods, which may make user namespaces and mounts there. Default:
   * nowhere, and such builds are refused.
   */
  readonly dockerfileNamespace: string | undefined;
  /** CONIFER_RATE_LIMIT: API calls an account may make in an hour. Default 4500. */
  readonly rateLimit: number;
  /** CONIFER_LOG_FILE_SIZE: of a file of Conifer's own log, in megabytes (10^6 bytes). Default 10. Here in bytes. */
  readonly logFileBytes: number;
  /** CONIFER_LOG_FILES: files that are kept of each process's log. Default 5. */
  readonly logFiles: number;
  /** CONIFER_LOG_LEVEL: of Conifer's own log. Default `info`. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** In gigabytes. */
export interface SpaceQuota {
  readonly every: number | undefined;
  readonly spaces: ReadonlyMap<string, number>;
}

/** A place in an S3-compatible store, and how to reach it. */
export interface S3Storage extends S3Place {
  /** CONIFER_S3_ENDPOINT: the store's address. Default: that of AWS in the region. */
  readonly endpoint: string;
  /** CONIFER_S3_REGION. Default `us-east-1`. */
  readonly region: string;
  /** CONIFER_S3_ADDRESSING: whether the bucket is in the address's `path`, or before its `host`. Default `host` with AWS. */
  readonly addressing: "path" | "host";
  /**
   * CONIFER_S3_CREDENTIALS: a folder with the files `access-key-id`, `secret-access-key` and, where there is one,
   * `session-token`, which may be replaced at any time. In its place CONIFER_S3_ACCESS_KEY_ID and
   * CONIFER_S3_SECRET_ACCESS_KEY hold them.
   */
  readonly credentials:
    | { readonly folder: string }
    | { readonly accessKeyId: string; readonly secretAccessKey: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads all settings, and throws one error that names every mistake. */
export function readConfig(env: Environment): Config {
  const mistakes: string[] = [];
  const read = makeReader(env, mistakes);
  const engine = read.oneOf("CONIFER_ENGINE", ["embedded", "kubernetes"], "embedded");
  const registryAddress = read.matching("CONIFER_REGISTRY_ADDRESS", "<host>:<port>", HOST_AND_PORT);
  const systemNamespace = read.matching("CONIFER_SYSTEM_NAMESPACE", "a name of a namespace", NAMESPACE);
  if (engine === "kubernetes" && registryAddress === undefined)
    mistakes.push(
      "CONIFER_REGISTRY_ADDRESS must say how the cluster's nodes call the registry, as <host>:<port>",
    );
  const runImage = read.matching("CONIFER_RUN_IMAGE", IMAGE_FORM, IMAGE);
  if (engine === "kubernetes" && runImage === undefined && systemNamespace === undefined)
    mistakes.push(
      "CONIFER_RUN_IMAGE must name a run image, since pods have no base; `npm run images` makes one",
    );
  const [, registryHost = "", registryPort = "6450"] = HOST_AND_PORT.exec(registryAddress ?? "") ?? [];
  const routerPort = read.port("CONIFER_ROUTER_PORT", 8080);
  const root = read.text("CONIFER_HOME") ?? join(homedir(), ".conifer");
  const keys = read.text("CONIFER_KEYS");
  const config: Config = {
    home: makeHome(resolve(root), keys === undefined ? undefined : resolve(keys)),
    apiPort: read.port("CONIFER_PORT", 6400),
    routerPort,
    webPort: read.port("CONIFER_WEB_PORT", routerPort),
    routerTlsPort: read.port("CONIFER_ROUTER_TLS_PORT", 8443),
    routerLeave:
      read.text("CONIFER_ROUTER_LEAVE") === undefined ? 0 : read.number("CONIFER_ROUTER_LEAVE", 0, 60),
    listen: read.list("CONIFER_LISTEN", "an IP address", (text) => isIP(text) !== 0),
    registry: read.oneOf("CONIFER_REGISTRY", ["on", "off"], engine === "kubernetes" ? "on" : "off") === "on",
    registryPort: read.port("CONIFER_REGISTRY_PORT", Number(registryPort)),
    registryListen:
      read.list("CONIFER_REGISTRY_LISTEN", "an IP address", (text) => isIP(text) !== 0) ??
      (isIP(registryHost) ? [registryHost] : undefined),
    ...readImages(read, mistakes),
    ...readTrust(read),
    domain: read.matching("CONIFER_DOMAIN", "a host name", HOST_NAME)?.toLowerCase() ?? "localhost",
    ...readTls(read, mistakes),
    adminEmail: read.matching("CONIFER_ADMIN_EMAIL", "an e-mail address", EMAIL),
    adminPassword: read.matching("CONIFER_ADMIN_PASSWORD", "8 to 1024 characters", /^.{8,1024}$/s, "secret"),
    adminToken: read.matching("CONIFER_ADMIN_TOKEN", "16 characters or more", /^\S{16,}$/, "secret"),
    databaseUrl: read.matching("DATABASE_URL", "a postgres:// address", /^postgres(ql)?:\/\/./, "secret"),
    engine,
    kubeconfig: read.text("KUBECONFIG"),
    namespace: read.matching("CONIFER_NAMESPACE", "a name of a namespace", NAMESPACE) ?? "conifer-apps",
    systemNamespace,
    podName: read.text("POD_NAME") ?? hostname(),
    logAgent: read.oneOf("CONIFER_LOG_AGENT", ["on", "off"], "on") === "on",
    nodeName: read.text("NODE_NAME"),
    probePort: read.text("CONIFER_PROBE_PORT") === undefined ? undefined : read.port("CONIFER_PROBE_PORT", 1),
    databasePassword: read.matching(
      "CONIFER_DATABASE_PASSWORD",
      "8 to 1024 characters",
      /^.{8,1024}$/s,
      "secret",
    ),
    registryAddress,
    routerRanges: read.list("CONIFER_ROUTER_RANGES", "a range like 10.0.0.0/8", isRange),
    openRanges: read.list("CONIFER_OPEN_RANGES", "a range like 10.0.0.0/8", isRange) ?? [],
    closedRanges: read.list("CONIFER_CLOSED_RANGES", "a range like 10.0.0.0/8", isRange) ?? [],
    sizeNodes:
      read.list("CONIFER_SIZE_NODES", "a size and a label like standard-2x=pool:big", (text) =>
        SIZE_NODE.test(text),
      ) ?? [],
    ...readDynos(read),
    caBundle: read.text("CONIFER_CA_BUNDLE"),
    runtimeSources: read.list(
      "CONIFER_RUNTIME_SOURCES",
      "`official`, `registry`, `debian` or <language>=<http(s) address of a mirror>",
      (text) => /^(?:official|registry|debian|[a-z-]+=https?:\/\/.+)$/.test(text),
    ) ?? ["official", "registry", "debian"],
    runImage,
    ...readBuilders(read, engine),
    ...readBuildPlaces(read),
    rateLimit: read.number("CONIFER_RATE_LIMIT", 4500, 100_000_000),
    ...readOperation(read),
  };
  if (mistakes.length > 0)
    throw new Error(`Conifer cannot start:\n${mistakes.map((m) => `  - ${m}`).join("\n")}`);
  return config;
}

/** What dynos may use, and when they are stopped or replaced. */
function readDynos(
  read: ReturnType<typeof makeReader>,
): Pick<Config, "dynoDisk" | "sleepAfter" | "memoryFactor" | "dailyCycling"> {
  const factor = read.matching("CONIFER_MEMORY_FACTOR", "a number from 0.01 to 100, such as 1.5", {
    test: (text) => /^\d{1,3}(\.\d{1,2})?$/.test(text) && Number(text) >= 0.01 && Number(text) <= 100,
  });
  return {
    dynoDisk: read.number("CONIFER_DYNO_DISK", 4, 1_000_000),
    sleepAfter: read.number("CONIFER_SLEEP_AFTER", 1_800, 30 * 86_400),
    memoryFactor: factor === undefined ? 4 : Number(factor),
    dailyCycling: read.oneOf("CONIFER_DAILY_CYCLING", ["off", "on"], "off") === "on",
  };
}

/** What Conifer tells of itself, and to whom. */
function readOperation(
  read: ReturnType<typeof makeReader>,
): Pick<Config, "metricsToken" | "traces" | "logLevel" | "logFileBytes" | "logFiles"> {
  return {
    logFileBytes: read.number("CONIFER_LOG_FILE_SIZE", 10, 10_000) * 1_000_000,
    logFiles: read.number("CONIFER_LOG_FILES", 5, 1_000),
    traces: readTraces(read),
    metricsToken: read.matching("CONIFER_METRICS_TOKEN", "16 characters or more", /^\S{16,}$/, "secret"),
    logLevel: read.oneOf("CONIFER_LOG_LEVEL", ["debug", "info", "warn", "error"], "info"),
  };
}

function readBuildPlaces(
  read: ReturnType<typeof makeReader>,
): Pick<Config, "buildNetwork" | "buildNamespace" | "dockerfileNamespace"> {
  const place = (name: string) => read.matching(name, "a name of a namespace", NAMESPACE);
  const isNetworkSet = read.text("CONIFER_BUILD_NETWORK") !== undefined;
  return {
    buildNetwork: isNetworkSet
      ? read.oneOf<"own" | "machine">("CONIFER_BUILD_NETWORK", ["own", "machine"], "own")
      : undefined,
    buildNamespace: place("CONIFER_BUILD_NAMESPACE") ?? "conifer-builds",
    dockerfileNamespace: place("CONIFER_DOCKERFILE_NAMESPACE"),
  };
}

/** What images may start, and what is known of their parts. */
function readTrust(read: ReturnType<typeof makeReader>): Pick<Config, "signedImages" | "advisories"> {
  return {
    signedImages: read.oneOf("CONIFER_SIGNED_IMAGES", ["off", "required"], "off") === "required",
    advisories: read.matching("CONIFER_ADVISORIES", "the absolute path of a folder or zip file", /^\//),
  };
}

/** Where the registry keeps images, and how many. */
function readImages(
  read: ReturnType<typeof makeReader>,
  mistakes: string[],
): Pick<Config, "registryQuota" | "registrySpaceQuota" | "registryStorage"> {
  return {
    registryQuota: read.numberIfSet("CONIFER_REGISTRY_QUOTA", 1_000_000),
    registrySpaceQuota: readSpaceQuota(read),
    registryStorage: readStorage(read, mistakes),
  };
}

const SPACE_QUOTA = /^(?:([a-z0-9][a-z0-9-]{0,61})=)?([1-9][0-9]{0,5})$/;

function readSpaceQuota(read: ReturnType<typeof makeReader>): SpaceQuota {
  const form = "a number of gigabytes, or <space>=<number>,";
  const given = read.list("CONIFER_REGISTRY_SPACE_QUOTA", form, (text) => SPACE_QUOTA.test(text)) ?? [];
  const parts = given.flatMap((text) => {
    const [, space, most] = SPACE_QUOTA.exec(text) ?? [];
    return most === undefined ? [] : [{ space, most: Number(most) }];
  });
  return {
    every: parts.findLast(({ space }) => space === undefined)?.most,
    spaces: new Map(parts.flatMap(({ space, most }) => (space === undefined ? [] : [[space, most]]))),
  };
}

const S3_ENDPOINT = /^https?:\/\/[^\s/?#@]+\/?$/;

function readStorage(read: ReturnType<typeof makeReader>, mistakes: string[]): S3Storage | undefined {
  const given = read.matching("CONIFER_REGISTRY_STORAGE", "s3://<bucket> or s3://<bucket>/<prefix>", {
    test: (text) => parseS3Place(text) !== undefined,
  });
  const region = read.matching("CONIFER_S3_REGION", "a region's name", /^[a-z0-9-]{1,40}$/) ?? "us-east-1";
  const endpoint = read.matching("CONIFER_S3_ENDPOINT", "an http or https address without a path", {
    test: (text) => S3_ENDPOINT.test(text) && URL.canParse(text),
  });
  const addressing = read.oneOf("CONIFER_S3_ADDRESSING", ["path", "host"], endpoint ? "path" : "host");
  const folder = read.matching("CONIFER_S3_CREDENTIALS", "the absolute path of a folder", /^\//);
  const accessKeyId = read.matching("CONIFER_S3_ACCESS_KEY_ID", "a key's id", /^\S{1,256}$/, "secret");
  const secretAccessKey = read.matching(
    "CONIFER_S3_SECRET_ACCESS_KEY",
    "a secret key",
    /^\S{1,1024}$/,
    "secret",
  );
  const place = given === undefined ? undefined : parseS3Place(given);
  if (!place) return undefined;
  const common = { ...place, region, addressing, endpoint: endpoint ?? `https://s3.${region}.amazonaws.com` };
  if (folder !== undefined) return { ...common, credentials: { folder } };
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { ...common, credentials: { accessKeyId, secretAccessKey } };
  mistakes.push(
    "CONIFER_S3_CREDENTIALS must name a folder with the store's credentials, or CONIFER_S3_ACCESS_KEY_ID and " +
      "CONIFER_S3_SECRET_ACCESS_KEY hold them",
  );
  return undefined;
}

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const NAMESPACE = new RegExp(`^${LABEL}$`);
const IMAGE = /^\/|^[a-z0-9-]+\/[a-z0-9-]+@sha256:[0-9a-f]{64}$/;
const IMAGE_FORM = "the absolute path of a folder, or <repository>@sha256:<digest>";
const BUILDER = /^\/|^[a-z0-9](?!.*\s)[^\s]*$/i;
const REFERENCE = /^[a-z0-9](?!.*\s)[^\s]*$/i;
const BUILDER_FORM = "the name of an image, or the absolute path of an OCI layout or of a tar of one";
const PULL_REGISTRY = /^([a-z0-9.-]+(?::[0-9]{1,5})?)(?:=(https?:\/\/[^\s/]+))?$/i;
const HOST_AND_PORT = /^\[?([A-Za-z0-9.:-]+?)\]?:([0-9]{1,5})$/;
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`, "i");

function readBuilders(
  read: ReturnType<typeof makeReader>,
  engine: Config["engine"],
): Pick<
  Config,
  | "builderImage"
  | "pullRegistries"
  | "pullCredentials"
  | "defaultBuilder"
  | "architectures"
  | "otherBuilderImage"
  | "otherRunImage"
> {
  const [form, pattern] = engine === "kubernetes" ? [IMAGE_FORM, IMAGE] : [BUILDER_FORM, BUILDER];
  const what = "<host> or <host>=<http or https address>";
  const registries = read.list("CONIFER_PULL_REGISTRIES", what, (text) => PULL_REGISTRY.test(text));
  return {
    builderImage: read.matching("CONIFER_BUILDER_IMAGE", form, pattern),
    architectures: readArchitectures(read),
    otherBuilderImage: read.matching("CONIFER_OTHER_BUILDER_IMAGE", form, pattern),
    otherRunImage: read.matching("CONIFER_OTHER_RUN_IMAGE", IMAGE_FORM, IMAGE),
    pullRegistries: readRegistries(registries ?? []),
    pullCredentials: read.matching("CONIFER_PULL_CREDENTIALS", "the absolute path of a file", /^\//),
    defaultBuilder: read.matching("CONIFER_DEFAULT_BUILDER", "the name of an image in a registry", REFERENCE),
  };
}

function readArchitectures(read: ReturnType<typeof makeReader>): Config["architectures"] {
  const known = ["amd64", "arm64"] as const;
  const named = read.list("CONIFER_ARCHITECTURES", "amd64 and arm64", (text) =>
    known.some((one) => one === text),
  );
  return named && known.filter((one) => named.includes(one));
}

function readRegistries(texts: readonly string[]): Config["pullRegistries"] {
  return texts.map((text) => {
    const [, host = "", url] = PULL_REGISTRY.exec(text) ?? [];
    return { host, ...(url === undefined ? {} : { url }) };
  });
}

function isRange(text: string): boolean {
  const [address = "", bits = ""] = text.split("/");
  return isIP(address) !== 0 && /^[0-9]+$/.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128);
}

/** A size of the catalogue, and a label as Kubernetes takes it. */
export const SIZE_NODE =
  /^([A-Za-z0-9.-]+)=((?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9][\w.-]{0,62}):([A-Za-z0-9][\w.-]{0,62})$/;

/** What stands before the host in an address may be a password. */
const withoutUser = (given: string) => given.replace(/:\/\/.*@/gs, "://...@");

/** Reads one kind of setting each, and notes what is wrong with it. An empty variable is one that is not set. */
function makeReader(env: Environment, mistakes: string[]) {
  const text = (name: string) => env[name]?.trim() || undefined;
  const number = (name: string, fallback: number, most: number) => {
    const given = text(name);
    const value = given === undefined ? fallback : Number(given);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    mistakes.push(`${name} must be a whole number from 1 to ${most}, not "${given}"`);
    return fallback;
  };
  return {
    text,
    number,
    numberIfSet: (name: string, most: number) =>
      text(name) === undefined ? undefined : number(name, 1, most),
    port: (name: string, fallback: number) => number(name, fallback, 65_535),
    oneOf: <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
      const given = text(name) ?? fallback;
      const found = allowed.find((value) => value === given);
      if (!found) mistakes.push(`${name} must be one of ${allowed.join(", ")}, not "${given}"`);
      return found ?? fallback;
    },
    /** A secret that is wrong is not repeated. */
    matching: (name: string, what: string, pattern: Pick<RegExp, "test">, secrecy?: "secret") => {
      const given = text(name);
      if (given === undefined || pattern.test(given)) return given;
      mistakes.push(`${name} must be ${what}${secrecy ? "" : `, not "${withoutUser(given)}"`}`);
      return undefined;
    },
    list: (name: string, what: string, isGood: (text: string) => boolean) => {
      const given = text(name)
        ?.split(",")
        .map((part) => part.trim())
        .filter(Boolean);
      const bad = given?.filter((part) => !isGood(part)) ?? [];
      for (const part of bad)
        mistakes.push(`${name} must hold only ${what} at each place, not "${withoutUser(part)}"`);
      return given && given.length > 0 ? given : undefined;
    },
  };
}
