import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBuildpackUri, requireBuildpackName } from "./own-buildpack.ts";

const archive = (address: string, name: string) => ({ kind: "address", address, name });

describe("the uri of a buildpack", () => {
  it.each([
    ["https://example.com/packs/ruby.tgz", archive("https://example.com/packs/ruby.tgz", "ruby")],
    ["http://example.com/a%20b.tar.gz?x=1", archive("http://example.com/a%20b.tar.gz?x=1", "a-20b")],
    ["https://example.com/", archive("https://example.com/", "buildpack")],
    [
      "https://github.com/acme/heroku-buildpack-apt",
      archive("https://github.com/acme/heroku-buildpack-apt/archive/HEAD.tar.gz", "heroku-buildpack-apt"),
    ],
    [
      "https://github.com/acme/pack.git#v1.2",
      archive("https://github.com/acme/pack/archive/v1.2.tar.gz", "pack"),
    ],
    [
      "https://github.com/acme/pack/releases/download/v1/pack.tgz",
      archive("https://github.com/acme/pack/releases/download/v1/pack.tgz", "pack"),
    ],
    ["./buildpacks/mine", { kind: "folder", path: "buildpacks/mine", name: "mine" }],
    ["buildpacks//mine/", { kind: "folder", path: "buildpacks/mine", name: "mine" }],
  ])("%s", (uri, wanted) => {
    expect(readBuildpackUri(uri)).toEqual(wanted);
  });

  it("may say which SHA-256 its archive has", () => {
    const hex = "Ab".repeat(32);
    expect(readBuildpackUri(`https://example.com/a.tgz#sha256=${hex}`)).toMatchObject({ sha256: hex });
  });

  it.each([
    ["docker://example.com/pack", /docker: is not fetched/],
    ["file:///etc/pack", /file: is not fetched/],
    ["/etc", /no folder of the source/],
    ["../other", /no folder of the source/],
    [".", /no folder of the source/],
    ["https://example.com/pack.git", /Only repositories of github.com/],
    ["https://example.com/a.tgz#main", /sha256=<64/],
    ["https://github.com/acme/pack#a..b", /no branch, tag or commit/],
    ["https://github.com/acme/pack#--x", /no branch, tag or commit/],
  ])("is refused with what to write instead: %s", (uri, message) => {
    expect(() => readBuildpackUri(uri)).toThrow(expect.objectContaining({ id: "invalid_params" }));
    expect(() => readBuildpackUri(uri)).toThrow(message);
  });

  it("never leads out of the source", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("..", ".", "a", "", "b c")), (parts) => {
        const uri = parts.join("/");
        let own: ReturnType<typeof readBuildpackUri>;
        try {
          own = readBuildpackUri(uri);
        } catch {
          return;
        }
        expect(own).toMatchObject({
          kind: "folder",
          path: expect.not.stringMatching(/(^|\/)(\.\.?)?(\/|$)/),
        });
      }),
    );
  });
});

describe("the name of a buildpack", () => {
  it.each([
    ["acme/ruby", "1.2.3"],
    ["heroku/nodejs-engine", "0.0.1-rc.1+5"],
  ])("%s %s may be", (id, version) => {
    expect(() => requireBuildpackName(id, version, "It")).not.toThrow();
  });

  it.each([
    ["", "1"],
    [".cache", "1"],
    ["../a", "1"],
    ["a/../../b", "1"],
    ["config", "1"],
    ["a b", "1"],
    ["a", ""],
    ["a", "../1"],
    ["a", ".."],
    ["a", "1/2"],
  ])("%j %j may not", (id, version) => {
    expect(() => requireBuildpackName(id, version, "It")).toThrow(/^It /);
  });
});
