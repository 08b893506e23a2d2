import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readComposer } from "./composer-files.ts";

const LOCK = JSON.stringify({
  packages: [
    { name: "acme/a", require: { php: ">=8.1", "ext-Intl": "*", "acme/b": "^1" } },
    { name: "acme/b", require: [] },
  ],
  "packages-dev": [{ name: "acme/test", require: { php: "^7", "ext-xdebug": "*" } }],
  platform: { php: "^8.1", "ext-gd": "*" },
});

describe("what Composer's files say", () => {
  it("is which PHP, which extensions and which packages, without those of development", () => {
    const manifest = { require: { php: "^8.1", "ext-gd": "*", "acme/a": "^1" }, scripts: { compile: "x" } };
    const result = readComposer(JSON.stringify(manifest), LOCK);
    expect(result).toMatchObject({
      ok: true,
      facts: { needsInstall: true, scripts: ["compile"], packages: ["acme/a", "acme/b"] },
    });
    if (!result.ok) return;
    expect(result.facts.php).toEqual([
      { constraint: "^8.1", by: "composer.json" },
      { constraint: "^8.1", by: "composer.lock" },
      { constraint: ">=8.1", by: "acme/a" },
    ]);
    expect([...result.facts.extensions]).toEqual([
      ["gd", "composer.json"],
      ["intl", "acme/a"],
    ]);
  });

  it.each([
    ["there are none", undefined, undefined],
    ["there is nothing in them", "{}", undefined],
    ["only PHP is asked for", '{"require": {"php": "*"}}', undefined],
    ["maps are written as lists", '{"require": []}', '{"packages": [], "platform": []}'],
  ])("is fine when %s", (_what, manifest, lock) => {
    expect(readComposer(manifest, lock)).toMatchObject({ ok: true, facts: { needsInstall: false } });
  });

  it.each([
    ["a lock file alone", undefined, "{}", "composer.lock and no composer.json"],
    ["no lock file", '{"require": {"acme/a": "*"}}', undefined, "There is no composer.lock"],
    ["a manifest that is no JSON", "{,}", undefined, "composer.json is not valid JSON"],
    ["a manifest that is a list", "[]", undefined, "composer.json is not valid JSON"],
    ["a lock file that is no JSON", "{}", "x", "composer.lock is not valid JSON."],
    ["half a merge", "{}", "{\n<<<<<<< HEAD\n", "a merge that was not ended"],
  ])("%s is refused", (_what, manifest, lock, message) => {
    expect(readComposer(manifest, lock)).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
    });
  });

  it("may be anything at all", () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (manifest, lock) => {
        expect(typeof readComposer(manifest, lock).ok).toBe("boolean");
      }),
    );
  });
});
