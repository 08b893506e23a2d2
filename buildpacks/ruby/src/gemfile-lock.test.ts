import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locksPlatform, readGemfileLock } from "./gemfile-lock.ts";

const LOCK = `GIT
  remote: https://github.com/acme/x.git
  revision: 0123
  specs:
    x (0.1.0)

PATH
  remote: gems/own
  specs:
    own (1.0.0)
      rack (>= 2)

GEM
  remote: https://rubygems.org/
  remote: https://gems.example.com/
  specs:
    nokogiri (1.16.0-x86_64-linux)
      racc (~> 1.4)
    racc (1.7.3)
    rack (3.0.8)

PLATFORMS
  arm64-darwin-22
  x86_64-linux

DEPENDENCIES
  own!
  rack (~> 3.0)

RUBY VERSION
   ruby 3.1.4p223

BUNDLED WITH
   2.5.6
`;

describe("a Gemfile.lock", () => {
  it("says which gems there are, of all sources", () => {
    const { gems, fetched } = readGemfileLock(LOCK);
    expect(Object.fromEntries(gems)).toEqual({
      ...{ x: "0.1.0", own: "1.0.0", nokogiri: "1.16.0", racc: "1.7.3", rack: "3.0.8" },
    });
    expect(fetched).toEqual(["nokogiri-1.16.0-x86_64-linux", "racc-1.7.3", "rack-3.0.8"]);
  });

  it("says for which machines, which Ruby and which Bundler it was made", () => {
    expect(readGemfileLock(LOCK)).toMatchObject({
      ...{
        platforms: ["arm64-darwin-22", "x86_64-linux"],
        ruby: "3.1.4",
        bundler: "2.5.6",
        conflicted: false,
      },
      servers: ["https://gems.example.com/"],
    });
  });

  it("is read with the line ends of Windows", () => {
    expect(readGemfileLock(LOCK.replaceAll("\n", "\r\n"))).toEqual(readGemfileLock(LOCK));
  });

  it("is told when a merge did not end", () => {
    expect(readGemfileLock(`${LOCK}<<<<<<< HEAD\n`).conflicted).toBe(true);
  });

  it("may be anything at all", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readGemfileLock(text).gems.size).toBeLessThan(text.length + 1);
      }),
    );
  });
});

it.each([
  [["x86_64-linux"], "x64", true],
  [["x86_64-linux-gnu"], "x64", true],
  [["ruby"], "x64", true],
  [["ruby"], "arm64", true],
  [["aarch64-linux"], "arm64", true],
  [["x86_64-linux"], "arm64", false],
  [["arm64-darwin-22"], "x64", false],
  [["x64-mingw-ucrt"], "x64", false],
  [["x86_64-linux-musl"], "x64", false],
  [[], "x64", true],
])("a lock file of %j is of use on %s: %s", (platforms, arch, fits) => {
  expect(locksPlatform({ platforms }, arch)).toBe(fits);
});
