import { describe, expect, it } from "vitest";
import { isBillPath, readBuildpackBills } from "./buildpack-bill.ts";
import { packageUrlOf } from "./component.ts";

const at = (name: string, layer = "deps/") => `layers/sbom/launch/acme_python/${layer}${name}`;
const read = (...files: readonly { path: string; text: string }[]) => {
  const { components, remarks } = readBuildpackBills(files);
  return { urls: components.map(packageUrlOf), from: components[0]?.from, remarks };
};
const json = (value: unknown) => JSON.stringify(value);

const cdx = json({
  components: [
    { name: "a", purl: "pkg:pypi/A_b@1.0", components: [{ purl: "pkg:pypi/inner@2.0", scope: "excluded" }] },
    { name: "no package URL" },
    { purl: 7 },
  ],
});
const spdx = json({
  packages: [
    {
      externalRefs: [
        { referenceType: "cpe23Type" },
        { referenceType: "purl", referenceLocator: "pkg:gem/rails@7.1.0" },
      ],
    },
    {},
  ],
});
const syft = json({
  artifacts: [{ purl: "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc" }],
});

describe("a buildpack's bill", () => {
  it.each([
    ["sbom.cdx.json", cdx, ["pkg:pypi/a-b@1.0", "pkg:pypi/inner@2.0"]],
    ["sbom.spdx.json", spdx, ["pkg:gem/rails@7.1.0"]],
    ["sbom.syft.json", syft, ["pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc"]],
  ])("%s is read", (name, text, wanted) => {
    expect(read({ path: at(name), text })).toEqual({ urls: wanted, from: ["acme/python"], remarks: [] });
  });

  it("of its own, beside those of its layers", () => {
    expect(
      read({ path: at("sbom.spdx.json", ""), text: spdx }, { path: at("sbom.cdx.json"), text: cdx }).urls,
    ).toHaveLength(3);
  });

  it("in several forms is read once, in the next one when one is damaged", () => {
    const [good, other] = [
      { path: at("sbom.cdx.json"), text: cdx },
      { path: at("sbom.spdx.json"), text: spdx },
    ];
    expect(read(other, good).urls).toEqual(["pkg:pypi/a-b@1.0", "pkg:pypi/inner@2.0"]);
    expect(read({ path: at("sbom.cdx.json"), text: "{" }, other)).toEqual({
      ...{ urls: ["pkg:gem/rails@7.1.0"], from: ["acme/python"] },
      remarks: ["The bill sbom.cdx.json of acme/python could not be read: it is not JSON."],
    });
  });

  it.each([
    [at("sbom.cdx.json"), true],
    [at("sbom.cdx.json", ""), true],
    ["layers/sbom/build/acme/sbom.cdx.json", false],
    [at("sbom.xml"), false],
    [at("sbom.cdx.json", "a/b/"), false],
  ])("lies at %s: %s", (path, wanted) => {
    expect(isBillPath(path)).toBe(wanted);
  });
});
