import { describe, expect, it } from "vitest";
import { digestOf } from "../../platform/src/delivery/image/index.ts";
import { TEST_PACKAGES, TEST_RELEASE, TEST_VERSION } from "./conifer-image-fixtures.ts";
import { makeSpdxDocument, packageUrl } from "./spdx-document.ts";

const billed = {
  ...{
    name: "conifer/conifer",
    version: TEST_VERSION,
    architecture: "amd64" as const,
    release: TEST_RELEASE,
  },
  ...{ digest: digestOf("manifest"), packages: TEST_PACKAGES },
};
interface Document {
  readonly packages: readonly Record<string, unknown>[];
  readonly relationships: readonly Record<string, string>[];
}
const document = makeSpdxDocument(billed) as Document;

describe("a bill of materials", () => {
  it("is a document of SPDX 2.3 with a name of its own", () => {
    expect(document).toMatchObject({
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
      name: "conifer-1.2.3-linux-amd64",
      documentNamespace: `https://spdx.org/spdxdocs/conifer-1.2.3-linux-amd64-${digestOf("manifest").slice(7)}`,
      creationInfo: { created: "2026-01-02T03:04:05Z", creators: ["Tool: conifer-1.2.3"] },
    });
    expect(JSON.stringify(makeSpdxDocument(billed))).toBe(JSON.stringify(document));
  });

  it("is about the image, which contains each package", () => {
    const ids = document.packages.map(({ SPDXID }) => SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    expect(document.relationships.map((one) => `${one.relationshipType} ${one.relatedSpdxElement}`)).toEqual([
      "DESCRIBES SPDXRef-Image",
      ...ids.slice(1).map((id) => `CONTAINS ${id}`),
    ]);
    expect(document.packages[0]).toMatchObject({
      ...{ SPDXID: "SPDXRef-Image", versionInfo: "1.2.3", licenseDeclared: "Apache-2.0" },
      checksums: [{ algorithm: "SHA256", checksumValue: digestOf("manifest").slice(7) }],
    });
  });

  it("tells a package's license, checksum and address, as far as they are known", () => {
    const [, deb, scoped, odd] = document.packages;
    expect(deb).toMatchObject({
      ...{ name: "libstdc++6", versionInfo: "1:12.2+x", supplier: "Organization: Debian" },
      ...{ licenseDeclared: "MIT", homepage: "https://gcc.example/" },
      checksums: [{ algorithm: "SHA256", checksumValue: "ab" }],
    });
    expect(scoped).toMatchObject({ licenseDeclared: "(MIT OR CC0-1.0)" });
    expect(scoped).not.toHaveProperty("supplier");
    expect(odd).toMatchObject({ SPDXID: "SPDXRef-npm-scope-a-1.0.0-2", licenseDeclared: "NOASSERTION" });
    for (const name of ["homepage", "checksums"]) expect(odd).not.toHaveProperty(name);
  });

  it("names packages as scanners do", () => {
    expect(TEST_PACKAGES.map((one) => packageUrl(one, TEST_RELEASE))).toEqual([
      "pkg:deb/debian/libstdc%2B%2B6@1%3A12.2%2Bx?arch=amd64&distro=debian-12",
      "pkg:npm/%40scope/a@1.0.0",
      "pkg:npm/scope-a@1.0.0",
    ]);
  });
});
