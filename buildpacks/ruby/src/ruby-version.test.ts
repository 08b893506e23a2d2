import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseRuby, compareRubies, meets, type RubyFiles, rubyRequirement } from "./ruby-version.ts";

describe("which Ruby an app asks for", () => {
  const cases: [string, RubyFiles, object][] = [
    ["none", { gemfile: "source 'x'\n" }, { must: [] }],
    ["a version", { gemfile: 'ruby "3.1.2"' }, { must: ["3.1.2"], statedIn: "Gemfile" }],
    [
      "a range",
      { gemfile: "  ruby '>= 3.0', '< 3.4' # both" },
      { must: [">= 3.0", "< 3.4"], statedIn: "Gemfile" },
    ],
    ["in parentheses", { gemfile: 'ruby("~> 3.1")' }, { must: ["~> 3.1"], statedIn: "Gemfile" }],
    [
      "a range that is locked",
      { gemfile: 'ruby "~> 3.1"', locked: "3.1.4" },
      { must: ["~> 3.1"], preferred: "3.1.4", statedIn: "Gemfile" },
    ],
    [
      "a version that is locked",
      { gemfile: 'ruby "3.1.2"', locked: "3.1.2" },
      { must: ["3.1.2"], preferred: undefined },
    ],
    [
      "the one of a file, in the Gemfile",
      { gemfile: 'ruby file: ".ruby-version"', rubyVersion: "3.1.2\n" },
      { must: ["3.1.2"], statedIn: "Gemfile" },
    ],
    [
      "a version file",
      { gemfile: "", rubyVersion: "ruby-3.2.0\n" },
      { preferred: "3.2.0", statedIn: ".ruby-version" },
    ],
    ["another Ruby in it", { gemfile: "", rubyVersion: "jruby-9.4" }, { must: [] }],
    [
      "a file of tools",
      { gemfile: "", toolVersions: "nodejs 20\nruby 3.3.0\n" },
      { preferred: "3.3.0", statedIn: ".tool-versions" },
    ],
    [
      "the lock file before version files",
      { gemfile: "ruby RUBY_VERSION", locked: "3.1.4", rubyVersion: "3.2.0" },
      { preferred: "3.1.4", statedIn: "Gemfile.lock" },
    ],
    ["a gem whose name begins so", { gemfile: 'gem "ruby", "1.0"\n# ruby "2.0"' }, { must: [] }],
    ["CRuby by name", { gemfile: 'ruby "3.1.2", engine: "ruby"' }, { must: ["3.1.2"] }],
  ];
  it.each(cases)("%s", (_what, files, requirement) => {
    expect(rubyRequirement(files)).toMatchObject({ ok: true, requirement });
  });

  it.each(['ruby "3.1.4", engine: "jruby", engine_version: "9.4"', 'ruby "3", :engine => "truffleruby"'])(
    "another one is refused: %s",
    (gemfile) => {
      expect(rubyRequirement({ gemfile })).toMatchObject({
        ok: false,
        message: expect.stringContaining("engine"),
      });
    },
  );
});

it.each([
  ["3.1.2", "3.1.2", true],
  ["3.1.2", "= 3.1.2", true],
  ["3.1.2", "3.1.4", false],
  ["3.1.2", "3.1", true],
  ["3.2.2", "3.1", false],
  ["3.1.2", "~> 3.1", true],
  ["3.2.0", "~> 3.1", true],
  ["4.0.0", "~> 3.1", false],
  ["3.1.2", "~> 3.1.0", true],
  ["3.2.0", "~> 3.1.0", false],
  ["3.1.2", "~> 3.1.4", false],
  ["3.1.2", ">= 3.0", true],
  ["3.1.2", "< 3.1.2", false],
  ["3.1.2", "<=3.1.2", true],
  ["3.1.2", "> 3.1.2", false],
  ["3.1.2", "!= 3.1.2", false],
  ["3.10.0", "> 3.9.0", true],
])("Ruby %s meets %s: %s", (version, requirement, expected) => {
  expect(meets(version, requirement)).toBe(expected);
});

describe("the Ruby that is chosen", () => {
  const offers = ["3.1.2", "3.3.7", "2.7.8"].map((version) => ({ version }));
  it.each([
    [{ must: [] }, "3.3.7", true],
    [{ must: ["~> 3.1.0"] }, "3.1.2", true],
    [{ must: [], preferred: "3.1.4" }, "3.1.2", false],
    [{ must: [], preferred: "3.1" }, "3.1.2", true],
    [{ must: ["~> 3.1"], preferred: "3.1.2" }, "3.1.2", true],
    [{ must: ["~> 3.1"], preferred: "3.2.2" }, "3.3.7", false],
  ])("for %j", (requirement, version, exact) => {
    expect(chooseRuby(requirement, offers)).toEqual({ offer: { version }, exact });
  });

  it.each([{ must: ["~> 4.0"] }, { must: [], preferred: "3.2.2" }, { must: ["3.1.4"] }])(
    "none for %j",
    (requirement) => {
      expect(chooseRuby(requirement, offers)).toBeUndefined();
    },
  );

  it("always meets what the Gemfile insists on, and none of those is newer", () => {
    const version = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(9)).map((parts) => parts.join("."));
    const requirement = fc.tuple(fc.constantFrom("~>", ">=", "<", ""), version).map((both) => both.join(" "));
    fc.assert(
      fc.property(
        fc.array(version, { maxLength: 6 }),
        fc.array(requirement, { maxLength: 2 }),
        (versions, must) => {
          const list = versions.map((one) => ({ version: one }));
          const chosen = chooseRuby({ must }, list)?.offer.version;
          const fitting = versions.filter((one) => must.every((wanted) => meets(one, wanted)));
          expect(chosen === undefined).toBe(fitting.length === 0);
          for (const one of fitting) expect(compareRubies(chosen ?? "", one)).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
