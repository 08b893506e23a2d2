import { type BilledImage, isLicenseExpression, uuidOf } from "./billed-image.ts";
import { type Component, packageUrlOf } from "./component.ts";

const UNKNOWN = "NOASSERTION";
const IMAGE = "SPDXRef-Image";

/** A bill of materials in SPDX 2.3 (JSON). The same image gives the same bytes: its time is the image's own. */
export function makeSpdxBill(billed: BilledImage): object {
  const { name, digest, created, buildpacks, inventory, coniferVersion } = billed;
  const ids = inventory.components.map((_, n) => `SPDXRef-Package-${n + 1}`);
  const creators = [
    `Tool: conifer-${coniferVersion}`,
    ...buildpacks.map((one) => `Tool: ${one.id}-${one.version}`),
  ];
  const comment = inventory.remarks.join("\n");
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    documentNamespace: `https://spdx.org/spdxdocs/conifer-${uuidOf(JSON.stringify([digest, coniferVersion, inventory]))}`,
    creationInfo: { created, creators },
    ...(comment === "" ? {} : { comment }),
    packages: [imagePackage(billed), ...inventory.components.map((one, n) => packageOf(one, ids[n] ?? ""))],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: IMAGE },
      ...inventory.components.map(({ development }, n) =>
        development
          ? { spdxElementId: ids[n], relationshipType: "DEV_DEPENDENCY_OF", relatedSpdxElement: IMAGE }
          : { spdxElementId: IMAGE, relationshipType: "CONTAINS", relatedSpdxElement: ids[n] },
      ),
    ],
  };
}

function imagePackage({ name, digest, runImage }: BilledImage) {
  return {
    SPDXID: IMAGE,
    name,
    versionInfo: digest,
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    primaryPackagePurpose: "CONTAINER",
    checksums: [{ algorithm: "SHA256", checksumValue: digest.slice("sha256:".length) }],
    sourceInfo: `on the run image ${[runImage.name, runImage.digest].filter(Boolean).join("@")}`,
    licenseConcluded: UNKNOWN,
    licenseDeclared: UNKNOWN,
    copyrightText: UNKNOWN,
  };
}

const ALGORITHM = { "SHA-1": "SHA1", "SHA-256": "SHA256", "SHA-512": "SHA512" } as const;

function packageOf(component: Component, id: string) {
  const { name, version, license, hash, from } = component;
  return {
    SPDXID: id,
    name,
    versionInfo: version,
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    ...(hash ? { checksums: [{ algorithm: ALGORITHM[hash.algorithm], checksumValue: hash.hex }] } : {}),
    sourceInfo: `from ${from.join(", ")}`,
    licenseConcluded: UNKNOWN,
    licenseDeclared: license !== undefined && isLicenseExpression(license) ? license : UNKNOWN,
    copyrightText: UNKNOWN,
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: packageUrlOf(component),
      },
    ],
  };
}
