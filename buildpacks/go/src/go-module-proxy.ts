import { readFile } from "node:fs/promises";
import { BuildFailure, reasonOf } from "../../shared/build-failure.ts";
import type { Fetcher } from "../../shared/verified-download.ts";
import { checksumDatabase, lookUpModuleHash } from "./checksum-database.ts";
import { TOOLCHAIN_HASHES } from "./go-inventory.ts";
import { parseGoVersion } from "./go-version.ts";

const MODULE = "golang.org/toolchain";
const STANDARD_PROXY = "https://proxy.golang.org";
/** Bytes; a toolchain's zip has 60 to 80 MB. */
const LARGEST_ZIP = 400 * 1024 * 1024;
const LARGEST_ANSWER = 8 * 1024 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

export interface GoPlace {
  /** In Go's words: `amd64`, `arm64`. */
  readonly arch: string;
  readonly env: Environment;
  readonly fetcher: Fetcher;
}

/** `1.25.3` out of `v0.0.1-go1.25.3`. */
export function readVersion(version: string): string | undefined {
  return version.startsWith("v0.0.1-go") ? parseGoVersion(version.slice(9))?.text : undefined;
}

/**
 * The proxies that GOPROXY names (golang.org/ref/mod, "GOPROXY protocol"): a list with commas or bars. What comes
 * behind `off` does not count, and `direct`, the version control of a module itself, has no toolchains.
 */
export function moduleProxies(setting: string | undefined): readonly string[] {
  const words = (setting?.trim() || `${STANDARD_PROXY},direct`).split(/[,|]/).map((word) => word.trim());
  const end = words.findIndex((word) => word === "off" || word === "direct");
  return (end < 0 ? words : words.slice(0, end))
    .filter((word) => /^https?:\/\//.test(word))
    .map((word) => word.replace(/\/+$/, ""));
}

/**
 * Whether the operator has turned the checksum database off: GOSUMDB=off, -insecure in GOFLAGS, GONOSUMCHECK, or a
 * pattern of GONOSUMDB (GOPRIVATE where that is unset) that holds the toolchains' module.
 */
export function withoutDatabase(env: Environment): boolean {
  const patterns = (env.GONOSUMDB ?? env.GOPRIVATE ?? "").split(",").map((word) => word.trim());
  return (
    env.GOSUMDB?.trim() === "off" ||
    (env.GONOSUMCHECK ?? "") === "1" ||
    (env.GOFLAGS ?? "").split(/\s+/).includes("-insecure") ||
    patterns.some((pattern) => ["*", "golang.org", "golang.org/*", MODULE].includes(pattern))
  );
}

export interface ToolchainModule {
  list(): Promise<readonly string[]>;
  has(version: string): Promise<boolean>;
  /** The `h1:` hash of a version, from the inventory or proven by the checksum database. */
  hash(version: string): Promise<string>;
  zip(version: string): Promise<string>;
}

export function toolchainModule({ env, fetcher }: Pick<GoPlace, "env" | "fetcher">): ToolchainModule {
  const proxies = moduleProxies(env.GOPROXY);
  const read = async (address: string) =>
    readFile(await fetcher.anyFile({ address, most: LARGEST_ANSWER, patient: false }));
  const first = <T>(act: (proxy: string) => Promise<T>) => firstGood(proxies, act);
  return {
    async list() {
      const text = await first((proxy) => fetcher.text(`${proxy}/${MODULE}/@v/list`));
      return text.split("\n").filter((line) => line !== "");
    },
    has: (version) =>
      first((proxy) => fetcher.text(`${proxy}/${MODULE}/@v/${version}.info`)).then(
        () => true,
        () => false,
      ),
    zip: (version) =>
      first((proxy) =>
        fetcher.anyFile({
          address: `${proxy}/${MODULE}/@v/${version}.zip`,
          most: LARGEST_ZIP,
          patient: true,
        }),
      ),
    async hash(version) {
      const known = TOOLCHAIN_HASHES[version];
      if (known !== undefined) return known;
      const database = withoutDatabase(env) ? undefined : checksumDatabase(env.GOSUMDB);
      if (database === undefined) throw unverifiable(version);
      const carriers = database.viaProxies ? proxies.map((proxy) => `${proxy}/sumdb/${database.name}`) : [];
      const module = { path: MODULE, version };
      return firstGood([...carriers, database.address], (carrier) =>
        lookUpModuleHash(database, module, (path) => read(`${carrier}${path}`)),
      ).catch((thrown) => {
        throw new Error(`its checksum could not be had from ${database.name}: ${reasonOf(thrown)}`);
      });
    },
  };
}

function unverifiable(version: string): BuildFailure {
  return new BuildFailure(
    `this installation's Go settings turn the checksum database off, and the buildpack's inventory has no hash of ${version}`,
  );
}

/** What the first of them gives that can; rejects with the last one's reason. */
async function firstGood<T>(places: readonly string[], act: (place: string) => Promise<T>): Promise<T> {
  let reason: unknown = new Error("GOPROXY names no module proxy");
  for (const place of places) {
    try {
      return await act(place);
    } catch (thrown) {
      reason = thrown;
    }
  }
  throw reason;
}
