import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderOf } from "./version-order.ts";

/** Versions of each ecosystem, oldest first; those in one list are equal. The sources are those named beside the functions. */
const ordered: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // semver.org §11.4, and the forms in which advisories and Go write versions.
  npm: [
    ["0.0.0-0"],
    ["1.0.0-alpha"],
    ["1.0.0-alpha.1"],
    ["1.0.0-alpha.beta"],
    ["1.0.0-beta.2"],
    ["1.0.0-beta.11"],
    ["1.0.0-rc.1"],
    ["1.0.0", "1", "1.0", "1.0.0+build"],
    ["2.1.1"],
    ["10.0.0"],
  ],
  golang: [
    ["v0.0.0-20190101000000-abcdefabcdef"],
    ["v0.0.0-20240101000000-abcdefabcdef"],
    ["v1.2.3-pre"],
    ["v1.2.3", "1.2.3"],
    ["v2.0.0+incompatible"],
  ],
  // PEP 440, the examples under "Summary of permitted suffixes and relative ordering".
  pypi: [
    ["1.dev0"],
    ["1.0.dev456"],
    ["1.0a1", "1.0-alpha.1", "1.0.a.1"],
    ["1.0a2.dev456"],
    ["1.0a12.dev456"],
    ["1.0a12"],
    ["1.0b1.dev456"],
    ["1.0b2"],
    ["1.0b2.post345.dev456"],
    ["1.0b2.post345"],
    ["1.0rc1.dev456"],
    ["1.0rc1", "1.0c1", "1.0preview1"],
    ["1.0", "1.0.0", "v1"],
    ["1.0+abc.5"],
    ["1.0+abc.7"],
    ["1.0+5"],
    ["1.0.post456.dev34"],
    ["1.0.post456", "1.0-456", "1.0rev456"],
    ["1.0.15"],
    ["1.1.dev1"],
    ["1!0.1"],
  ],
  // "Version Order Specification", its examples, and ComparableVersion's order of words.
  maven: [
    ["1-alpha"],
    ["1-a2", "1-alpha-2"],
    ["1-beta"],
    ["1-milestone"],
    ["1-rc", "1-cr"],
    ["1-snapshot"],
    ["1", "1.0", "1-ga", "1.final", "1.0.0-0", "1-release"],
    ["1-sp"],
    ["1-foo"],
    ["1-1"],
    ["1.0.1"],
    ["1.1"],
    ["1.1.1"],
    ["2.0-m1"],
    ["2"],
  ],
  gem: [
    ["1.0.a.2", "1.0.a2"],
    ["1.0.b1"],
    ["1.0.rc1"],
    ["1.0", "1", "1.0.0"],
    ["1.0.1"],
    ["1.8.2"],
    ["1.10"],
  ],
  composer: [
    ["1.0.0-dev"],
    ["1.0.0-alpha1", "1.0-a1"],
    ["1.0.0-beta1"],
    ["1.0.0-beta10"],
    ["1.0.0-RC1"],
    ["1.0.0", "v1", "1.0.0.0"],
    ["1.0.0-p1", "1.0.0-patch1"],
    ["1.0.0.1"],
    ["1.2"],
  ],
  // deb-version(7) and Policy §5.6.12.
  deb: [
    ["1.0~~"],
    ["1.0~~a"],
    ["1.0~"],
    ["1.0", "0:1.0", "1.00"],
    ["1.0-1~deb12u1"],
    ["1.0-1"],
    ["1.0-1+b1"],
    ["1.0-1.1"],
    ["1.0-10"],
    ["1.0a"],
    ["1.0+dfsg"],
    ["1.2"],
    ["1.10"],
    ["1:0.1"],
  ],
};

describe.each(Object.entries(ordered))("%s", (type, lists) => {
  const compare = orderOf(type);
  it("orders versions as its specification does", () => {
    const flat = lists.flatMap((same, place) => same.map((version) => ({ version, place })));
    for (const a of flat)
      for (const b of flat) {
        const sign = Math.sign(compare?.(a.version, b.version) ?? Number.NaN);
        expect(`${a.version} ${sign} ${b.version}`).toBe(
          `${a.version} ${Math.sign(a.place - b.place)} ${b.version}`,
        );
      }
  });

  it("is an order, whatever is compared, and takes no long time over a long text", () => {
    const part = fc.constantFrom("0", "1", "10", "a", "rc", "dev", ".", "-", "~", "+", "post", "!", "_");
    const version = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [one, other] = [compare?.(a, b), compare?.(b, a)];
        expect(one === undefined).toBe(other === undefined);
        if (one !== undefined) expect(Math.sign(one) + Math.sign(other ?? 0)).toBe(0);
      }),
    );
    const began = performance.now();
    for (const text of ["1".repeat(50_000), "1.".repeat(50_000), "a-".repeat(50_000), "1-a".repeat(20_000)])
      compare?.(text, "1.0");
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

it.each([
  ["npm", "latest"],
  ["pypi", "1.0-x"],
  ["gem", "1..0"],
  ["composer", "dev-main"],
  ["deb", "1 0"],
  ["maven", ""],
])("%s has no version %j", (type, text) => {
  expect(orderOf(type)?.(text, "1.0")).toBeUndefined();
});

it("has no order for what it does not know", () => {
  expect([orderOf("generic"), orderOf("toString")]).toEqual([undefined, undefined]);
});
