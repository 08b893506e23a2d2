import { hexOf } from "../../platform/src/delivery/image/index.ts";
import type { Architecture, DebianRelease } from "../images/debian-release.ts";
import { type ConiferVersion, timeOf } from "./conifer-config.ts";
import type { SbomPackage } from "./sbom-package.ts";

/** What a bill of materials is about. */
export interface Billed {
  readonly name: string;
  readonly version: ConiferVersion;
  readonly architecture: Architecture;
  /** Of the platform's manifest. */
  readonly digest: string;
  readonly release: DebianRelease;
  readonly packages: readonly SbomPackage[];
}

export const SPDX_TYPE = "application/spdx+json";
const UNKNOWN = "NOASSERTION";

/** A bill of materials (SPDX 2.3, JSON). The same content gives the same document. */
export function makeSpdxDocument(billed: Billed): object {
  const { version, architecture, digest, packages } = billed;
  const name = `conifer-${version.version}-linux-${architecture}`;
  const ids = idsOf(packages);
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${hexOf(digest)}`,
    creationInfo: { created: timeOf(version.created), creators: [`Tool: conifer-${version.version}`] },
    packages: [
      imagePackage(billed),
      ...packages.map((one, n) => spdxPackage(one, ids[n] ?? "", billed.release)),
    ],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: IMAGE },
      ...ids.map((id) => ({ spdxElementId: IMAGE, relationshipType: "CONTAINS", relatedSpdxElement: id })),
    ],
  };
}

const IMAGE = "SPDXRef-Image";

function imagePackage({ name, version, digest }: Billed) {
  return {
    SPDXID: IMAGE,
    name,
    versionInfo: version.version,
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    primaryPackagePurpose: "CONTAINER",
    checksums: [{ algorithm: "SHA256", checksumValue: hexOf(digest) }],
    licenseConcluded: UNKNOWN,
    licenseDeclared: version.license,
    copyrightText: UNKNOWN,
  };
}

function spdxPackage(one: SbomPackage, id: string, release: DebianRelease) {
  const { kind, name, version, checksum, homepage } = one;
  return {
    SPDXID: id,
    name,
    versionInfo: version,
    ...(kind === "deb" ? { supplier: `Organization: ${DISTRIBUTORS[release.id]}` } : {}),
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    ...(homepage !== undefined && URL.canParse(homepage) ? { homepage } : {}),
    ...(checksum ? { checksums: [{ algorithm: checksum.algorithm, checksumValue: checksum.hex }] } : {}),
    licenseConcluded: UNKNOWN,
    licenseDeclared: licenseOf(one),
    copyrightText: UNKNOWN,
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: packageUrl(one, release),
      },
    ],
  };
}

const DISTRIBUTORS: Readonly<Record<DebianRelease["id"], string>> = { debian: "Debian", ubuntu: "Ubuntu" };

/** Words of npm that are no expression of SPDX identifiers count as unknown. */
function licenseOf({ license }: SbomPackage): string {
  const isExpression = license !== undefined && /^[A-Za-z0-9.+() -]+$/.test(license);
  return isExpression && !/^(?:SEE LICENSE|UNLICENSED)/.test(license) ? license : UNKNOWN;
}

/** A package URL, by which scanners look for known weaknesses. */
export function packageUrl(
  { kind, name, version, architecture }: SbomPackage,
  release: DebianRelease,
): string {
  const at = encodeURIComponent(version);
  if (kind === "npm") return `pkg:npm/${name.replace(/^@/, "%40")}@${at}`;
  const facts = `arch=${architecture ?? "all"}&distro=${release.id}-${release.version}`;
  return `pkg:deb/${release.id}/${encodeURIComponent(name)}@${at}?${facts}`;
}

/** Identifiers have letters, digits, dots and hyphens only; what that makes equal is counted. */
function idsOf(packages: readonly SbomPackage[]): string[] {
  const seen = new Map<string, number>();
  return packages.map(({ kind, name, version }) => {
    const id = `SPDXRef-${kind}-${`${name}-${version}`.replace(/[^A-Za-z0-9.]+/g, "-").replace(/^-/, "")}`;
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === 1 ? id : `${id}-${count}`;
  });
}
