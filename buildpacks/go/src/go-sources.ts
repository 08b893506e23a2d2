import type { RuntimeSource } from "../../shared/runtime-sources.ts";
import { type GoPlace, readVersion, toolchainModule } from "./go-module-proxy.ts";
import { parseGoVersion } from "./go-version.ts";

/** A fetched toolchain, its content checked or to be checked while it is unpacked. */
export type GoArchive =
  | { readonly kind: "tar"; readonly file: string }
  /** A module's zip; its files hash to `hash` (`h1:…`), and lie below `top`. */
  | { readonly kind: "module"; readonly file: string; readonly hash: string; readonly top: string };

/** One place that has versions of Go. Both calls reject when it cannot be reached. */
export interface GoSource {
  /** For the log. */
  readonly name: string;
  /** Versions such as `1.25.3`; an exact one that is asked for is among them where the source has it at all. */
  versions(asked: string | undefined): Promise<readonly string[]>;
  fetch(version: string): Promise<GoArchive>;
}

const OFFICIAL = "https://go.dev/dl";

/** Where the sources the operator listed find Go for this machine. */
export function goSource(source: RuntimeSource, place: GoPlace): GoSource {
  if (source.kind === "mirror") return distribution(source.address, `the mirror ${source.address}`, place);
  if (source.kind === "registry") return moduleProxy(place);
  return distribution(OFFICIAL, "go.dev", place);
}

interface Release {
  readonly version: string;
  readonly files: readonly {
    readonly filename: string;
    readonly os: string;
    readonly arch: string;
    readonly kind: string;
    readonly sha256: string;
  }[];
}

/** The layout of go.dev/dl: `?mode=json&include=all` lists releases and checksums of files, which are beside it. */
function distribution(address: string, name: string, { arch, fetcher }: GoPlace): GoSource {
  let listed: Promise<readonly Release[]> | undefined;
  const releases = () => {
    listed ??= fetcher.json(`${address}/?mode=json&include=all`) as Promise<readonly Release[]>;
    return listed;
  };
  const archiveOf = (release: Release) =>
    release.files.find((file) => file.os === "linux" && file.arch === arch && file.kind === "archive");
  return {
    name,
    async versions() {
      const all = await releases();
      return all
        .filter((one) => archiveOf(one) !== undefined)
        .flatMap(({ version }) => parseGoVersion(version)?.text ?? []);
    },
    async fetch(version) {
      const release = (await releases()).find((one) => one.version === `go${version}`);
      const archive = release && archiveOf(release);
      if (archive === undefined || !/^[0-9a-f]{64}$/.test(archive.sha256)) {
        throw new Error(`its list has no checksum of Go ${version} for linux-${arch}`);
      }
      const integrity = `sha256-${Buffer.from(archive.sha256, "hex").toString("base64")}`;
      const file = await fetcher.file({ address: `${address}/${archive.filename}`, integrity });
      return { kind: "tar", file };
    },
  };
}

/** The module `golang.org/toolchain` of the module proxies, a version each for a release and a platform. */
function moduleProxy(place: GoPlace): GoSource {
  const toolchain = toolchainModule(place);
  const suffix = `.linux-${place.arch}`;
  return {
    name: "the Go module proxy",
    async versions(asked) {
      const all = (await toolchain.list())
        .filter((version) => version.endsWith(suffix))
        .flatMap((version) => readVersion(version.slice(0, -suffix.length)) ?? []);
      if (asked === undefined || all.includes(asked)) return all;
      // Lists of proxies hold what they have fetched before, not all they can give.
      return (await toolchain.has(`v0.0.1-go${asked}${suffix}`)) ? [...all, asked] : all;
    },
    async fetch(version) {
      const name = `v0.0.1-go${version}${suffix}`;
      const hash = await toolchain.hash(name);
      return { kind: "module", file: await toolchain.zip(name), hash, top: `golang.org/toolchain@${name}/` };
    },
  };
}
