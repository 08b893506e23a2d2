import type { RuntimeSource } from "../../shared/runtime-sources.ts";
import type { Download, Fetcher } from "../../shared/verified-download.ts";
import { featureOf, isLongTerm, type JavaVersion, parseJavaVersion } from "./java-version.ts";

/** A JDK that can be fetched. */
export interface RemoteJdk {
  readonly version: JavaVersion;
  readonly download: Download;
}

/** One place that has JDKs. Rejects when it cannot be reached. */
export interface JdkSource {
  /** For the log. */
  readonly name: string;
  /** Features it has, such as 17 and 21. */
  features(): Promise<readonly number[]>;
  /** The releases of a feature, the newest first. */
  releases(feature: number): Promise<readonly RemoteJdk[]>;
}

const OFFICIAL = "https://api.adoptium.net";

/** Where the sources the operator listed find JDKs; package registries have none. */
export function jdkSource(source: RuntimeSource, arch: string, fetcher: Fetcher): JdkSource | undefined {
  if (source.kind === "registry") return undefined;
  if (source.kind === "mirror")
    return adoptium(source.address, `the mirror ${source.address}`, { arch, fetcher });
  return adoptium(OFFICIAL, "adoptium.net", { arch, fetcher });
}

interface AdoptiumRelease {
  readonly version_data: { readonly semver?: string; readonly openjdk_version?: string };
  readonly binaries: readonly {
    readonly architecture: string;
    readonly image_type: string;
    readonly package?: { readonly link?: string; readonly checksum?: string };
  }[];
}

/**
 * The API of Adoptium (api.adoptium.net/q/swagger-ui, version 3): `info/available_releases` and
 * `assets/feature_releases`. Links may be relative, so that a mirror can be a folder of files.
 */
function adoptium(
  address: string,
  name: string,
  { arch, fetcher }: { readonly arch: string; readonly fetcher: Fetcher },
): JdkSource {
  const query = [
    `architecture=${arch}&heap_size=normal&image_type=jdk&jvm_impl=hotspot&os=linux&page=0&page_size=20`,
    "project=jdk&sort_method=DEFAULT&sort_order=DESC&vendor=eclipse",
  ].join("&");
  return {
    name,
    async features() {
      const found = (await fetcher.json(`${address}/v3/info/available_releases`)) as {
        readonly available_releases?: readonly number[];
      };
      return (found.available_releases ?? []).filter(Number.isInteger);
    },
    async releases(feature) {
      const found = await fetcher.json(`${address}/v3/assets/feature_releases/${feature}/ga?${query}`);
      return (found as readonly AdoptiumRelease[]).flatMap((release) =>
        readRelease(release, { address, arch }),
      );
    },
  };
}

function readRelease(
  { version_data: data, binaries }: AdoptiumRelease,
  { address, arch }: { readonly address: string; readonly arch: string },
): readonly RemoteJdk[] {
  // openjdk_version of 8 is 1.8.0_392-b08, of newer ones 17.0.9+9.
  const version = parseJavaVersion(data.openjdk_version ?? data.semver ?? "");
  const binary = binaries.find((one) => one.image_type === "jdk" && one.architecture === arch);
  const { link, checksum } = binary?.package ?? {};
  if (version === undefined || link === undefined || !/^[0-9a-f]{64}$/i.test(checksum ?? "")) return [];
  const integrity = `sha256-${Buffer.from(checksum ?? "", "hex").toString("base64")}`;
  return [{ version, download: { address: new URL(link, `${address}/`).href, integrity } }];
}

/** The newest line with long-term support. */
export function newestLongTerm(features: readonly number[]): number | undefined {
  return features.filter(isLongTerm).sort((a, b) => b - a)[0];
}

/** In words: `21.0.2, 17.0.9`. */
export function jdkList(jdks: readonly { readonly version: JavaVersion }[]): string {
  const newest = new Map<number, string>();
  for (const { version } of jdks)
    if (!newest.has(featureOf(version))) newest.set(featureOf(version), version.text);
  return [...newest.values()].join(", ");
}
