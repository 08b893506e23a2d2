import type { RuntimeSource } from "../../shared/runtime-sources.ts";
import type { Download, Fetcher } from "../../shared/verified-download.ts";

/** A place with Pythons that run from any folder. Rejects when it cannot be reached. */
export interface PythonSource {
  /** For the log. */
  readonly name: string;
  /** What it has for this machine: the version (`3.13.1`) and where its archive is. */
  list(): Promise<readonly StandalonePython[]>;
}

export interface StandalonePython {
  readonly version: string;
  readonly download: Download;
}

/** The newest release of the builds that uv installs, too. */
const OFFICIAL = "https://github.com/astral-sh/python-build-standalone/releases/latest/download";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };
/** Of a list of checksums; a release has about 100 kB. */
const LONGEST_LIST = 4 * 1024 * 1024;

/**
 * The sources among those that the operator listed. A source is a folder of downloads of an astral-sh/python-build-standalone
 * release: archives `cpython-<version>+<release>-<arch>-unknown-linux-gnu-install_only[_stripped].tar.gz` and beside them
 * `SHA256SUMS`. No package registry carries Python itself.
 */
export function standaloneSources(
  sources: readonly RuntimeSource[],
  arch: string,
  fetcher: Fetcher,
): readonly PythonSource[] {
  return sources
    .filter((source) => source.kind !== "registry")
    .map((source) =>
      source.kind === "mirror"
        ? releaseFolder(source.address, `the mirror ${source.address}`, { arch, fetcher })
        : releaseFolder(OFFICIAL, "python-build-standalone", { arch, fetcher }),
    );
}

function releaseFolder(
  address: string,
  name: string,
  { arch, fetcher }: { readonly arch: string; readonly fetcher: Fetcher },
): PythonSource {
  return {
    name,
    async list() {
      const sums = await fetcher.text(`${address}/SHA256SUMS`);
      if (sums.length > LONGEST_LIST) throw new Error("its SHA256SUMS is too long");
      return readSums(sums, ARCHITECTURES[arch] ?? arch).map(({ version, file, sum }) => ({
        version,
        download: {
          address: `${address}/${encodeURIComponent(file)}`,
          integrity: `sha256-${Buffer.from(sum, "hex").toString("base64")}`,
        },
      }));
    },
  };
}

interface ListedArchive {
  readonly version: string;
  readonly file: string;
  /** SHA-256 in hexadecimal. */
  readonly sum: string;
}

/** Released CPythons for GNU/Linux in a SHA256SUMS, one a version: stripped of debug symbols where there is that form. */
export function readSums(text: string, arch: string): readonly ListedArchive[] {
  const found = new Map<string, ListedArchive>();
  for (const line of text.split("\n")) {
    const [, sum = "", file = "", version = "", build, stripped] =
      /^([0-9a-f]{64}) [ *]?(cpython-(\d+\.\d+\.\d+)\+\d+-(\w+)-unknown-linux-gnu-install_only(_stripped)?\.tar\.gz)\r?$/.exec(
        line,
      ) ?? [];
    if (build !== arch) continue;
    if (stripped !== undefined || !found.has(version)) found.set(version, { version, file, sum });
  }
  return [...found.values()];
}
