import { describe, expect, it } from "vitest";
import { type BilledImage, isLicenseExpression, uuidOf } from "./billed-image.ts";
import { type Component, MOST_COMPONENTS, makeInventory } from "./component.ts";
import { makeCycloneDxBill } from "./cyclonedx-bill.ts";
import { makeSpdxBill } from "./spdx-bill.ts";

const component = (type: string, name: string, more: Partial<Component> = {}): Component => {
  return { type, name, version: "1.0.0", development: false, from: ["a.lock"], ...more };
};

const billed = (components: readonly Component[], remarks: readonly string[] = []): BilledImage => ({
  name: "apps/a",
  digest: `sha256:${"a".repeat(64)}`,
  created: "1980-01-01T00:00:01Z",
  buildpacks: [{ id: "conifer/nodejs", version: "0.1.0" }],
  runImage: { name: "conifer/run", digest: "sha256:b" },
  inventory: makeInventory(components, remarks),
  coniferVersion: "0.1.0",
});

const sample = billed(
  [
    component("npm", "@scope/name", {
      license: "MIT OR Apache-2.0",
      hash: { algorithm: "SHA-512", hex: "00" },
    }),
    component("maven", "org.a:b", { license: "See the file LICENSE" }),
    component("pypi", "tool", { development: true }),
  ],
  ["yarn.lock was not read."],
);

// The paragraphs are those of ECMA-424 (CycloneDX 1.6).
describe("a CycloneDX bill", () => {
  it("says what it is and of what (BOM, metadata)", () => {
    expect(makeCycloneDxBill(sample)).toMatchObject({
      ...{ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 },
      serialNumber: expect.stringMatching(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      metadata: {
        tools: {
          components: [
            { name: "conifer", version: "0.1.0" },
            { name: "conifer/nodejs", version: "0.1.0" },
          ],
        },
        component: {
          type: "container",
          "bom-ref": sample.digest,
          hashes: [{ alg: "SHA-256", content: "a".repeat(64) }],
        },
        properties: [
          { name: "conifer:run-image", value: "conifer/run@sha256:b" },
          { name: "conifer:remark", value: "yarn.lock was not read." },
        ],
      },
    });
  });

  it("lists components by package URL, with group, scope, hash and license (component)", () => {
    expect(makeCycloneDxBill(sample)).toMatchObject({
      components: [
        {
          ...{
            type: "library",
            "bom-ref": "pkg:maven/org.a/b@1.0.0",
            group: "org.a",
            name: "b",
            version: "1.0.0",
          },
          licenses: [{ license: { name: "See the file LICENSE" } }],
        },
        {
          ...{ group: "@scope", name: "name", scope: "required", purl: "pkg:npm/%40scope/name@1.0.0" },
          ...{ hashes: [{ alg: "SHA-512", content: "00" }], licenses: [{ expression: "MIT OR Apache-2.0" }] },
          properties: [{ name: "conifer:from", value: "a.lock" }],
        },
        { name: "tool", scope: "excluded" },
      ],
    });
  });

  it("names every component among what the image depends on, once (dependencies, uniqueness of bom-ref)", () => {
    const { dependencies, components } = makeCycloneDxBill(sample) as {
      readonly dependencies: readonly { readonly dependsOn: readonly string[] }[];
      readonly components: readonly { readonly "bom-ref": string }[];
    };
    const refs = components.map((one) => one["bom-ref"]);
    expect(new Set(refs).size).toBe(refs.length);
    expect(dependencies[0]?.dependsOn).toEqual(refs);
  });
});

// The clauses are those of SPDX 2.3.
describe("an SPDX bill", () => {
  const bill = makeSpdxBill(sample);

  it("has the document's fields (clause 6)", () => {
    expect(bill).toMatchObject({
      ...{ spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", name: "apps/a" },
      documentNamespace: expect.stringMatching(/^https:\/\/spdx\.org\/spdxdocs\/conifer-[0-9a-f-]{36}$/),
      creationInfo: {
        created: "1980-01-01T00:00:01Z",
        creators: ["Tool: conifer-0.1.0", "Tool: conifer/nodejs-0.1.0"],
      },
      comment: "yarn.lock was not read.",
    });
  });

  it("has each package with its package URL, checksum and license (clause 7)", () => {
    expect(bill).toMatchObject({
      packages: [
        { SPDXID: "SPDXRef-Image", checksums: [{ algorithm: "SHA256", checksumValue: "a".repeat(64) }] },
        { SPDXID: "SPDXRef-Package-1", name: "org.a:b", licenseDeclared: "NOASSERTION" },
        {
          ...{ name: "@scope/name", licenseDeclared: "MIT OR Apache-2.0" },
          checksums: [{ algorithm: "SHA512", checksumValue: "00" }],
          externalRefs: [
            {
              ...{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl" },
              referenceLocator: "pkg:npm/%40scope/name@1.0.0",
            },
          ],
        },
        { name: "tool" },
      ],
    });
  });

  it("says what the document describes and the image contains (clause 11)", () => {
    const image = "SPDXRef-Image";
    expect((bill as { readonly relationships: unknown }).relationships).toEqual([
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: image },
      { spdxElementId: image, relationshipType: "CONTAINS", relatedSpdxElement: "SPDXRef-Package-1" },
      { spdxElementId: image, relationshipType: "CONTAINS", relatedSpdxElement: "SPDXRef-Package-2" },
      {
        spdxElementId: "SPDXRef-Package-3",
        relationshipType: "DEV_DEPENDENCY_OF",
        relatedSpdxElement: image,
      },
    ]);
  });
});

describe("both bills", () => {
  const components = [component("npm", "b"), component("npm", "a"), component("gem", "c")];

  it("do not depend on who told of a package first, and tell when something else is billed", () => {
    for (const make of [makeCycloneDxBill, makeSpdxBill]) {
      const text = JSON.stringify(make(billed(components)));
      expect(JSON.stringify(make(billed(components.toReversed())))).toBe(text);
      expect(JSON.stringify(make(billed(components.slice(1))))).not.toBe(text);
    }
  });

  it("have no more packages than anybody reads, and say so", () => {
    const many = Array.from({ length: MOST_COMPONENTS + 2 }, (_, n) => component("npm", `p${n}`));
    const inventory = makeInventory(many);
    expect(inventory.components).toHaveLength(MOST_COMPONENTS);
    expect(inventory.remarks).toEqual([
      `2 packages are left out: a bill has ${MOST_COMPONENTS} at the most.`,
    ]);
  });
});

it.each([
  ["MIT", true],
  ["(MIT OR GPL-2.0+) AND BSD-3-Clause", true],
  ["GPL-2.0-only WITH Classpath-exception-2.0", true],
  ["UNLICENSED", false],
  ["SEE LICENSE IN LICENSE", false],
  ["MIT OR", false],
  ["OR", false],
  ["", false],
])("%j is an expression of licenses: %s", (text, wanted) => {
  expect(isLicenseExpression(text)).toBe(wanted);
});

it("a UUID is the same for the same text", () => {
  expect(uuidOf("a")).toBe(uuidOf("a"));
  expect(uuidOf("a")).not.toBe(uuidOf("b"));
});
