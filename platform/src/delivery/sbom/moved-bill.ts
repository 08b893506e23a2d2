import { hexOf } from "../image/index.ts";
import { uuidOf } from "./billed-image.ts";

/** The image that a bill is about from now on: it has the packages of the one before, on another run image. */
export interface MovedTo {
  readonly digest: string;
  readonly runImage: { readonly name: string; readonly digest: string };
}

type Fields = Readonly<Record<string, unknown>>;

/** A CycloneDX bill of ours, told of another image with the same packages. The same bill gives the same bytes. */
export function moveCycloneDxBill(bill: Fields, to: MovedTo): object {
  const metadata = fieldsOf(bill.metadata);
  const component = fieldsOf(metadata.component);
  const before = component.version;
  return {
    ...bill,
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([to, bill.serialNumber]))}`,
    metadata: {
      ...metadata,
      component: {
        ...component,
        "bom-ref": to.digest,
        version: to.digest,
        hashes: [{ alg: "SHA-256", content: hexOf(to.digest) }],
      },
      properties: listOf(metadata.properties).map((property) =>
        property.name === "conifer:run-image" ? { ...property, value: nameOf(to) } : property,
      ),
    },
    dependencies: listOf(bill.dependencies).map((one) =>
      one.ref === before ? { ...one, ref: to.digest } : one,
    ),
  };
}

/** An SPDX bill of ours, told of another image with the same packages. The same bill gives the same bytes. */
export function moveSpdxBill(bill: Fields, to: MovedTo): object {
  return {
    ...bill,
    documentNamespace: `https://spdx.org/spdxdocs/conifer-${uuidOf(JSON.stringify([to, bill.documentNamespace]))}`,
    packages: listOf(bill.packages).map((one) =>
      one.SPDXID === "SPDXRef-Image"
        ? {
            ...one,
            versionInfo: to.digest,
            checksums: [{ algorithm: "SHA256", checksumValue: hexOf(to.digest) }],
            sourceInfo: `on the run image ${nameOf(to)}`,
          }
        : one,
    ),
  };
}

function nameOf({ runImage }: MovedTo): string {
  return [runImage.name, runImage.digest].filter(Boolean).join("@");
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
