import { homedir } from "node:os";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { refuseBucket } from "./refuse-bucket.ts";

describe("without any variable", () => {
  test("everything has its default", () => {
    expect(readConfig({})).toMatchObject({
      home: { root: `${homedir()}/.conifer` },
      apiPort: 6400,
      routerPort: 8080,
      routerTlsPort: 8443,
      listen: undefined,
      registry: false,
      registryPort: 6450,
      registryListen: undefined,
      domain: "localhost",
      adminEmail: undefined,
      adminPassword: undefined,
      databaseUrl: undefined,
      engine: "embedded",
      kubeconfig: undefined,
      namespace: "conifer-apps",
      registryAddress: undefined,
      routerRanges: undefined,
      openRanges: [],
      sizeNodes: [],
      dynoDisk: 4,
      routerLeave: 0,
      closedRanges: [],
      caBundle: undefined,
      runtimeSources: ["official", "registry", "debian"],
      runImage: undefined,
      rateLimit: 4500,
      logLevel: "info",
    });
  });

  test("an empty variable is one that is not set", () => {
    const names = ["CONIFER_HOME", "CONIFER_PORT", "CONIFER_LISTEN", "CONIFER_DOMAIN", "DATABASE_URL"];
    const empty = Object.fromEntries(names.map((name) => [name, "  "]));
    expect(readConfig(empty)).toEqual(readConfig({}));
    expect(readConfig({ CONIFER_LISTEN: " , " }).listen).toBeUndefined();
  });
});

test.each([
  ["CONIFER_HOME", "/srv/conifer", { home: expect.objectContaining({ root: "/srv/conifer" }) }],
  ["CONIFER_HOME", "here", { home: expect.objectContaining({ root: resolve("here") }) }],
  ["CONIFER_PORT", "7000", { apiPort: 7000 }],
  ["CONIFER_PORT", " 7000 ", { apiPort: 7000 }],
  ["CONIFER_ROUTER_PORT", "80", { routerPort: 80, webPort: 80 }],
  ["CONIFER_WEB_PORT", "80", { routerPort: 8080, webPort: 80 }],
  ["CONIFER_ROUTER_TLS_PORT", "443", { routerTlsPort: 443 }],
  ["CONIFER_LISTEN", "0.0.0.0, ::", { listen: ["0.0.0.0", "::"] }],
  ["CONIFER_BUILD_NETWORK", "machine", { buildNetwork: "machine" }],
  ["CONIFER_REGISTRY", "on", { registry: true }],
  ["CONIFER_REGISTRY", "off", { registry: false }],
  ["CONIFER_REGISTRY_PORT", "5000", { registryPort: 5000 }],
  ["CONIFER_REGISTRY_QUOTA", "20", { registryQuota: 20 }],
  ["CONIFER_REGISTRY_SPACE_QUOTA", "20", { registrySpaceQuota: { every: 20, spaces: new Map() } }],
  [
    "CONIFER_REGISTRY_SPACE_QUOTA",
    "20, team=5,other=7",
    {
      registrySpaceQuota: {
        every: 20,
        spaces: new Map([
          ["team", 5],
          ["other", 7],
        ]),
      },
    },
  ],
  ["CONIFER_SIGNED_IMAGES", "required", { signedImages: true }],
  ["CONIFER_SIGNED_IMAGES", "off", { signedImages: false }],
  ["CONIFER_ADVISORIES", "/srv/osv.zip", { advisories: "/srv/osv.zip" }],
  ["CONIFER_REGISTRY_LISTEN", "10.0.0.1,::1", { registryListen: ["10.0.0.1", "::1"] }],
  [
    "CONIFER_REGISTRY_ADDRESS",
    "198.19.0.1:5000",
    { registryAddress: "198.19.0.1:5000", registryPort: 5000, registryListen: ["198.19.0.1"] },
  ],
  [
    "CONIFER_REGISTRY_ADDRESS",
    "registry.example.com:443",
    { registryPort: 443, registryListen: undefined, registry: false },
  ],
  ["CONIFER_REGISTRY_ADDRESS", "[fd00::1]:6450", { registryListen: ["fd00::1"] }],
  ["KUBECONFIG", "/root/.kube/config", { kubeconfig: "/root/.kube/config" }],
  ["CONIFER_NAMESPACE", "team-apps", { namespace: "team-apps" }],
  ["CONIFER_ROUTER_RANGES", "10.0.0.1/32, fd00::/8", { routerRanges: ["10.0.0.1/32", "fd00::/8"] }],
  ["CONIFER_OPEN_RANGES", "10.9.0.0/16", { openRanges: ["10.9.0.0/16"] }],
  ["CONIFER_SIZE_NODES", "eco=a:b, basic=c.d/e:f", { sizeNodes: ["eco=a:b", "basic=c.d/e:f"] }],
  ["CONIFER_DYNO_DISK", "20", { dynoDisk: 20 }],
  ["CONIFER_MEMORY_FACTOR", "1.5", { memoryFactor: 1.5 }],
  ["CONIFER_MEMORY_FACTOR", "0.02", { memoryFactor: 0.02 }],
  ["CONIFER_SLEEP_AFTER", "60", { sleepAfter: 60 }],
  ["CONIFER_DAILY_CYCLING", "on", { dailyCycling: true }],
  ["CONIFER_ROUTER_LEAVE", "5", { routerLeave: 5 }],
  ["CONIFER_CLOSED_RANGES", "2001:db8::/32", { closedRanges: ["2001:db8::/32"] }],
  ["CONIFER_DOMAIN", "Apps.Example.com", { domain: "apps.example.com" }],
  ["CONIFER_ADMIN_EMAIL", "me@example.com", { adminEmail: "me@example.com" }],
  ["CONIFER_ADMIN_PASSWORD", "correct horse", { adminPassword: "correct horse" }],
  ["DATABASE_URL", "postgresql://db/x", { databaseUrl: "postgresql://db/x" }],
  ["CONIFER_CA_BUNDLE", "/etc/ca.pem", { caBundle: "/etc/ca.pem" }],
  [
    "CONIFER_RUNTIME_SOURCES",
    "nodejs=https://mirror.example.com/,registry,debian",
    { runtimeSources: ["nodejs=https://mirror.example.com/", "registry", "debian"] },
  ],
  ["CONIFER_RUN_IMAGE", "/srv/images/run", { runImage: "/srv/images/run" }],
  [
    "CONIFER_BUILDER_IMAGE",
    `conifer/builder@sha256:${"0".repeat(64)}`,
    { builderImage: `conifer/builder@sha256:${"0".repeat(64)}` },
  ],
  ["CONIFER_BUILDER_IMAGE", "heroku/builder:24", { builderImage: "heroku/builder:24" }],
  ["CONIFER_BUILDER_IMAGE", "/srv/builder.tar", { builderImage: "/srv/builder.tar" }],
  [
    "CONIFER_PULL_REGISTRIES",
    "registry.corp:5000, docker.io=http://mirror.corp",
    { pullRegistries: [{ host: "registry.corp:5000" }, { host: "docker.io", url: "http://mirror.corp" }] },
  ],
  ["CONIFER_PULL_CREDENTIALS", "/etc/auth.json", { pullCredentials: "/etc/auth.json" }],
  ["CONIFER_DEFAULT_BUILDER", "heroku/builder:24", { defaultBuilder: "heroku/builder:24" }],
  ["CONIFER_ARCHITECTURES", "arm64, amd64", { architectures: ["amd64", "arm64"] }],
  ["CONIFER_OTHER_BUILDER_IMAGE", "/srv/images/other", { otherBuilderImage: "/srv/images/other" }],
  ["CONIFER_OTHER_RUN_IMAGE", "/srv/images/run-other", { otherRunImage: "/srv/images/run-other" }],
  ["CONIFER_BUILD_NAMESPACE", "builds", { buildNamespace: "builds" }],
  ["CONIFER_DOCKERFILE_NAMESPACE", "boxes", { dockerfileNamespace: "boxes" }],
  ["CONIFER_RATE_LIMIT", "60", { rateLimit: 60 }],
  ["CONIFER_LOG_LEVEL", "debug", { logLevel: "debug" }],
])("%s=%s", (name, value, wanted) => {
  expect(readConfig({ [name]: value })).toMatchObject(wanted);
});

describe("a mistake", () => {
  test.each([
    ["CONIFER_PORT", "0", /CONIFER_PORT must be a whole number from 1 to 65535, not "0"/],
    ["CONIFER_PORT", "65536", /CONIFER_PORT/],
    ["CONIFER_PORT", "http", /not "http"/],
    ["CONIFER_PORT", "80.5", /CONIFER_PORT/],
    ["CONIFER_LISTEN", "127.0.0.1,everywhere", /CONIFER_LISTEN must hold only an IP address.*"everywhere"/],
    ["CONIFER_REGISTRY", "yes", /CONIFER_REGISTRY must be one of on, off, not "yes"/],
    ["CONIFER_REGISTRY_PORT", "0", /CONIFER_REGISTRY_PORT/],
    ["CONIFER_REGISTRY_SPACE_QUOTA", "team=0", /CONIFER_REGISTRY_SPACE_QUOTA must hold only a number/],
    ["CONIFER_REGISTRY_STORAGE", "images", /CONIFER_REGISTRY_STORAGE must be s3:/],
    ["CONIFER_REGISTRY_STORAGE", "s3://images", /CONIFER_S3_CREDENTIALS must name a folder/],
    ["CONIFER_S3_ENDPOINT", "https://a/b", /CONIFER_S3_ENDPOINT must be an http or https address without/],
    ["CONIFER_S3_ADDRESSING", "both", /CONIFER_S3_ADDRESSING must be one of path, host/],
    ["CONIFER_S3_CREDENTIALS", "here", /CONIFER_S3_CREDENTIALS must be the absolute path/],
    ["CONIFER_REGISTRY_QUOTA", "0", /CONIFER_REGISTRY_QUOTA must be a whole number from 1/],
    ["CONIFER_SIGNED_IMAGES", "on", /CONIFER_SIGNED_IMAGES must be one of off, required/],
    ["CONIFER_TLS_CERTIFICATE", "cert.pem", /CONIFER_TLS_CERTIFICATE must be the absolute path of a file/],
    ["CONIFER_TLS_CERTIFICATE", "/cert.pem", /CONIFER_TLS_KEY is missing/],
    ["CONIFER_TLS_KEY", "/key.pem", /CONIFER_TLS_CERTIFICATE is missing/],
    ["CONIFER_ADVISORIES", "osv", /CONIFER_ADVISORIES must be the absolute path/],
    ["CONIFER_REGISTRY_LISTEN", "here", /CONIFER_REGISTRY_LISTEN must hold only an IP address.*"here"/],
    ["CONIFER_DOMAIN", "-x", /CONIFER_DOMAIN must be a host name, not "-x"/],
    ["CONIFER_DOMAIN", "a..b", /CONIFER_DOMAIN/],
    ["CONIFER_DOMAIN", "a b", /CONIFER_DOMAIN/],
    ["CONIFER_ADMIN_EMAIL", "me", /CONIFER_ADMIN_EMAIL must be an e-mail address, not "me"/],
    ["CONIFER_ENGINE", "docker", /CONIFER_ENGINE must be one of embedded, kubernetes, not "docker"/],
    ["CONIFER_ENGINE", "kubernetes", /CONIFER_REGISTRY_ADDRESS must say how the cluster's nodes call/],
    ["CONIFER_ENGINE", "kubernetes", /CONIFER_RUN_IMAGE must name a run image/],
    ["CONIFER_REGISTRY_ADDRESS", "registry", /CONIFER_REGISTRY_ADDRESS must be <host>:<port>/],
    ["CONIFER_NAMESPACE", "Apps", /CONIFER_NAMESPACE/],
    ["CONIFER_ROUTER_RANGES", "10.0.0.0/33", /CONIFER_ROUTER_RANGES/],
    ["CONIFER_ROUTER_RANGES", "10.0.0.1", /CONIFER_ROUTER_RANGES/],
    [
      "CONIFER_BUILDER_IMAGE",
      "./builder",
      /CONIFER_BUILDER_IMAGE must be the name of an image, or the absolute/,
    ],
    ["CONIFER_PULL_REGISTRIES", "https://r.test", /CONIFER_PULL_REGISTRIES must hold only <host> or <host>=/],
    ["CONIFER_PULL_CREDENTIALS", "auth.json", /CONIFER_PULL_CREDENTIALS must be the absolute path of a file/],
    ["CONIFER_DEFAULT_BUILDER", "/srv/builder", /CONIFER_DEFAULT_BUILDER must be the name of an image/],
    ["CONIFER_BUILD_NAMESPACE", "A_b", /CONIFER_BUILD_NAMESPACE must be a name of a namespace/],
    ["CONIFER_RUN_IMAGE", "run", /CONIFER_RUN_IMAGE must be the absolute path of a folder, or .*, not "run"/],
    ["CONIFER_OPEN_RANGES", "10.0.0.1/x", /CONIFER_OPEN_RANGES/],
    ["CONIFER_SIZE_NODES", "eco=pool", /CONIFER_SIZE_NODES/],
    ["CONIFER_DYNO_DISK", "0", /CONIFER_DYNO_DISK/],
    ["CONIFER_MEMORY_FACTOR", "0", /CONIFER_MEMORY_FACTOR must be a number from 0.01 to 100/],
    ["CONIFER_MEMORY_FACTOR", "101", /CONIFER_MEMORY_FACTOR/],
    ["CONIFER_MEMORY_FACTOR", "half", /CONIFER_MEMORY_FACTOR/],
    ["CONIFER_SLEEP_AFTER", "0", /CONIFER_SLEEP_AFTER/],
    ["CONIFER_DAILY_CYCLING", "yes", /CONIFER_DAILY_CYCLING/],
    ["CONIFER_CLOSED_RANGES", "::/129", /CONIFER_CLOSED_RANGES/],
    ["CONIFER_RUNTIME_SOURCES", "https://x", /CONIFER_RUNTIME_SOURCES.*"https:\/\/x"/],
    ["CONIFER_RUNTIME_SOURCES", "official,ftp://x", /CONIFER_RUNTIME_SOURCES.*"ftp:\/\/x"/],
    ["CONIFER_RATE_LIMIT", "-1", /CONIFER_RATE_LIMIT/],
    ["CONIFER_LOG_LEVEL", "loud", /CONIFER_LOG_LEVEL must be one of debug, info, warn, error/],
  ])("in %s (%s) is named", (name, value, wanted) => {
    expect(() => readConfig({ [name]: value })).toThrow(wanted);
  });

  test("with Kubernetes the registry runs, unless somebody else's is used", () => {
    const env = {
      CONIFER_ENGINE: "kubernetes",
      CONIFER_REGISTRY_ADDRESS: "10.0.0.1:6450",
      CONIFER_RUN_IMAGE: "/images/run",
    };
    expect(readConfig(env)).toMatchObject({ engine: "kubernetes", registry: true });
    expect(readConfig({ ...env, CONIFER_REGISTRY: "off" })).toMatchObject({ registry: false });
  });

  test("in a secret is named without the secret", () => {
    const env = { CONIFER_ADMIN_PASSWORD: "short", DATABASE_URL: "mysql://root:hunter2@db/x" };
    expect(() => readConfig(env)).toThrow(
      /CONIFER_ADMIN_PASSWORD must be 8[^"]*\n.*DATABASE_URL must be a postgres/,
    );
    expect(() => readConfig(env)).not.toThrow(/short|hunter2/);
  });

  test("comes with all the others", () => {
    expect(() => readConfig({ CONIFER_PORT: "x", CONIFER_LOG_LEVEL: "y", CONIFER_DOMAIN: "_" })).toThrow(
      /^Conifer cannot start:\n {2}- CONIFER_PORT.*\n {2}- CONIFER_DOMAIN.*\n {2}- CONIFER_LOG_LEVEL/,
    );
  });
});

test("a certificate is two files", () => {
  const files = { CONIFER_TLS_CERTIFICATE: "/tls/fullchain.pem", CONIFER_TLS_KEY: "/tls/privkey.pem" };
  expect(readConfig(files).tlsFiles).toEqual({
    ...{ certificateFile: "/tls/fullchain.pem", keyFile: "/tls/privkey.pem" },
  });
  expect(readConfig({}).tlsFiles).toBeUndefined();
});

describe("a bucket for images", () => {
  const place = { CONIFER_REGISTRY_STORAGE: "s3://images/conifer", CONIFER_S3_CREDENTIALS: "/etc/s3" };

  test("is AWS's by default, and any other store's by its address", () => {
    expect(readConfig(place).registryStorage).toEqual({
      ...{ bucket: "images", prefix: "conifer/", endpoint: "https://s3.us-east-1.amazonaws.com" },
      ...{ region: "us-east-1", addressing: "host", credentials: { folder: "/etc/s3" } },
    });
    const other = { CONIFER_S3_ENDPOINT: "http://store:9000", CONIFER_S3_REGION: "eu-1" };
    expect(readConfig({ ...place, ...other }).registryStorage).toMatchObject({
      ...{ endpoint: "http://store:9000", region: "eu-1", addressing: "path" },
    });
  });

  test("has its credentials from files or variables, and no mistake repeats them", () => {
    const { CONIFER_S3_CREDENTIALS: _folder, ...named } = place;
    const keys = { CONIFER_S3_ACCESS_KEY_ID: "AKID", CONIFER_S3_SECRET_ACCESS_KEY: "s3cr3t" };
    expect(readConfig({ ...named, ...keys }).registryStorage?.credentials).toEqual({
      ...{ accessKeyId: "AKID", secretAccessKey: "s3cr3t" },
    });
    const said = () => readConfig({ ...named, ...keys, CONIFER_S3_SECRET_ACCESS_KEY: "s3cr3t with spaces" });
    expect(said).toThrow(/CONIFER_S3_SECRET_ACCESS_KEY must be/);
    expect(said).not.toThrow(/s3cr3t/);
  });

  test("is not for one machine, which says so", () => {
    expect(() => refuseBucket(readConfig(place))).toThrow(/is for the registry of a cluster's installation/);
    expect(() => refuseBucket(readConfig({}))).not.toThrow();
  });
});
