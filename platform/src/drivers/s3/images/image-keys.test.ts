import { describe, expect, it, test } from "vitest";
import { blobSlot, dataKey, repositoryKeys } from "./image-keys.ts";

const HEX = "0123456789abcdef".repeat(4);
const app = { space: "team", name: "app" };

test("keys do not change: what lies in buckets is found by them", () => {
  const at = repositoryKeys(app);
  const digest = `sha256:${HEX}`;
  expect([blobSlot(digest), dataKey("id")]).toEqual([`blobs/${HEX}`, "data/id"]);
  expect([
    at.root,
    at.blob(digest),
    at.manifest(digest),
    at.tag("v1.0"),
    at.referrer(digest, digest),
  ]).toEqual([
    "repositories/team/app/",
    `repositories/team/app/blobs/${HEX}`,
    `repositories/team/app/manifests/${HEX}`,
    "repositories/team/app/tags/v1.0",
    `repositories/team/app/referrers/${HEX}/${HEX}`,
  ]);
});

test("no repository's keys begin with another's", () => {
  const roots = ["app", "app-1", "app.1", "app1", "app__x"].map(
    (name) => repositoryKeys({ ...app, name }).root,
  );
  for (const one of roots) expect(roots.filter((other) => other.startsWith(one))).toEqual([one]);
});

describe("names that would lead elsewhere", () => {
  it.each(["..", ".", "", "a/b", "a/", "A", "a b", "a%2fb", "a..b", "a\n", "x".repeat(129)])(
    "%j is none",
    (odd) => {
      expect(() => repositoryKeys({ ...app, name: odd })).toThrow(/not a repository's name/);
      expect(() => repositoryKeys({ ...app, space: odd })).toThrow(/not a repository's name/);
    },
  );

  it.each([
    "",
    HEX,
    "sha256:..",
    `sha256:${HEX}/..`,
    `sha256:${HEX.toUpperCase()}`,
    `sha512:${HEX}`,
    `sha256:${HEX}\n`,
  ])("%j is no digest", (odd) => {
    const at = repositoryKeys(app);
    for (const key of [blobSlot, at.blob, at.manifest, at.referrers]) expect(() => key(odd)).toThrow(/not a/);
    expect(() => at.referrer(`sha256:${HEX}`, odd)).toThrow(/not a/);
  });

  it("a subject of sha512 is one, and no manifest is", () => {
    const at = repositoryKeys(app);
    expect(at.referrers(`sha512:${HEX}${HEX}`)).toBe(`repositories/team/app/referrers/${HEX}${HEX}/`);
    expect(() => at.manifest(`sha512:${HEX}${HEX}`)).toThrow(/not a sha256 digest/);
  });
});
