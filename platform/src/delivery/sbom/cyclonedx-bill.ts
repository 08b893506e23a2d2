import { type BilledImage, isLicenseExpression, uuidOf } from "./billed-image.ts";
import { type Component, packageUrlOf } from "./component.ts";

/**
 * A bill of materials in CycloneDX 1.6 (JSON). It holds no time and is in one order: the same image gives the same bytes.
 */
export function makeCycloneDxBill(billed: BilledImage): object {
  const { name, digest, buildpacks, runImage, inventory, coniferVersion } = billed;
  const tools = [
    { type: "application", name: "conifer", version: coniferVersion },
    ...buildpacks.map((one) => ({ type: "application", name: one.id, version: one.version })),
  ];
  const remarks = inventory.remarks.map((value) => ({ name: "conifer:remark", value }));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([digest, coniferVersion, inventory]))}`,
    version: 1,
    metadata: {
      tools: { components: tools },
      component: {
        type: "container",
        "bom-ref": digest,
        name,
        version: digest,
        hashes: [{ alg: "SHA-256", content: digest.slice("sha256:".length) }],
      },
      properties: [
        { name: "conifer:run-image", value: [runImage.name, runImage.digest].filter(Boolean).join("@") },
        ...remarks,
      ],
    },
    components: inventory.components.map(componentOf),
    dependencies: [{ ref: digest, dependsOn: inventory.components.map(packageUrlOf) }],
  };
}

function componentOf(component: Component) {
  const { type, version, license, hash, development, from } = component;
  const purl = packageUrlOf(component);
  return {
    type: "library",
    "bom-ref": purl,
    ...groupAndName(type, component.name),
    version,
    // "excluded" is what was there to build or test with (CycloneDX 1.6, component scope).
    scope: development ? "excluded" : "required",
    ...(hash ? { hashes: [{ alg: hash.algorithm, content: hash.hex }] } : {}),
    ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
    purl,
    properties: from.map((value) => ({ name: "conifer:from", value })),
  };
}

function licenseOf(license: string) {
  return isLicenseExpression(license) ? { expression: license } : { license: { name: license } };
}

function groupAndName(type: string, name: string): { group?: string; name: string } {
  const cut = name.lastIndexOf(type === "maven" ? ":" : "/");
  return cut < 0 ? { name } : { group: name.slice(0, cut), name: name.slice(cut + 1) };
}
