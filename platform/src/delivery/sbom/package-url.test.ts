import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePackageUrl, type PackageUrl, parsePackageUrl } from "./package-url.ts";

const url = (type: string, name: string, version = "1.2.3", qualifiers = {}): PackageUrl => {
  return { type, name, version, qualifiers };
};

describe("a package URL", () => {
  it.each([
    ["pkg:npm/lodash@4.17.21", url("npm", "lodash", "4.17.21")],
    ["pkg:npm/%40babel/core@7.0.0", url("npm", "@babel/core", "7.0.0")],
    ["pkg:golang/github.com/a/b/v2@v2.0.1", url("golang", "github.com/a/b/v2", "v2.0.1")],
    ["pkg:maven/org.slf4j/slf4j-api@2.0.9", url("maven", "org.slf4j:slf4j-api", "2.0.9")],
    ["pkg:composer/laravel/framework@11.0.0", url("composer", "laravel/framework", "11.0.0")],
    [
      "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
      url("deb", "libssl3", "3.0.11-1~deb12u2", { arch: "amd64", distro: "debian-12" }),
    ],
    [
      "pkg:gem/nokogiri@1.16.0?platform=x86_64-linux",
      url("gem", "nokogiri", "1.16.0", { platform: "x86_64-linux" }),
    ],
    ["pkg:generic/node", url("generic", "node", "")],
  ])("%s is written and read", (text, parts) => {
    expect(makePackageUrl(parts)).toBe(text);
    expect(parsePackageUrl(text)).toEqual(parts);
  });

  it.each([
    ["pkg:pypi/Typing_Extensions@4.9.0", "typing-extensions"],
    ["pkg:Composer/Monolog/Monolog@3.5.0", "monolog/monolog"],
    ["pkg://npm/a@1", "a"],
    ["pkg:npm/a@1#lib", "a"],
  ])("%s means %s", (text, name) => {
    expect(parsePackageUrl(text)?.name).toBe(name);
  });

  it.each(["", "lodash@4", "pkg:npm", "pkg:npm/", "pkg:npm/%E0%A4%A@1", `pkg:npm/${"a".repeat(5_000)}`])(
    "%s is none",
    (text) => {
      expect(parsePackageUrl(text)).toBeUndefined();
    },
  );

  it("is read as it was written, whatever is in it", () => {
    const word = fc
      .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
      .filter((text) => !/[/\uD800-\uDFFF]/u.test(text));
    fc.assert(
      fc.property(word, word, (name, version) => {
        const parts = url("npm", name, version);
        expect(parsePackageUrl(makePackageUrl(parts))).toEqual(parts);
      }),
    );
  });
});
