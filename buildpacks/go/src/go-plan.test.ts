import { describe, expect, it } from "vitest";
import { installArguments, listPatterns } from "./go-plan.ts";

describe("the packages that the app names", () => {
  const goMod = { herokuInstall: ["./cmd/a", "-x", "."] };
  it.each<[string, Parameters<typeof listPatterns>, readonly string[] | undefined]>([
    ["are none", [{}, {}], undefined],
    ["are in a comment", [{ goMod }, {}], ["./cmd/a", "."]],
    ["are in the workspace first", [{ goMod, goWork: { herokuInstall: ["./b"] } }, {}], ["./b"]],
    [
      "are in a config var before all",
      [{ goMod }, { GO_INSTALL_PACKAGE_SPEC: " ./c  ./d " }],
      ["./c", "./d"],
    ],
    ["are not flags", [{ goMod: { herokuInstall: ["-toolexec=x"] } }, {}], undefined],
  ])("%s", (_name, args, expected) => {
    expect(listPatterns(...args)).toEqual(expected);
  });
});

describe("the flags of go install", () => {
  const flags = (change: Partial<Parameters<typeof installArguments>[0]>) =>
    installArguments({ version: "1.25.1", statements: {}, isVendored: false, env: {}, ...change }).join(" ");

  it.each<[Parameters<typeof flags>[0], string]>([
    [{}, "-trimpath -buildvcs=false -tags=heroku"],
    [{ version: "1.17.1" }, "-trimpath -tags=heroku"],
    [{ version: "1.12" }, "-tags=heroku"],
    [{ env: { GOFLAGS: "-tags=mine" } }, "-trimpath -buildvcs=false"],
    [
      { isVendored: true, statements: { goMod: { go: "1.13" } } },
      "-trimpath -buildvcs=false -tags=heroku -mod=vendor",
    ],
    [{ isVendored: true }, "-trimpath -buildvcs=false -tags=heroku -mod=vendor"],
    [{ isVendored: true, statements: { goMod: { go: "1.14" } } }, "-trimpath -buildvcs=false -tags=heroku"],
    [{ isVendored: true, env: { GOFLAGS: "-mod=mod" } }, "-trimpath -buildvcs=false -tags=heroku"],
    [
      { env: { GO_LINKER_SYMBOL: "main.version", SOURCE_VERSION: "0a1b" } },
      "-trimpath -buildvcs=false -tags=heroku -ldflags=-X 'main.version=0a1b'",
    ],
    [
      { env: { GO_LINKER_SYMBOL: "main.v", GO_LINKER_VALUE: "it's", SOURCE_VERSION: "0a1b" } },
      "-trimpath -buildvcs=false -tags=heroku -ldflags=-X 'main.v=its'",
    ],
    [
      { env: { GO_LINKER_SYMBOL: "main.v", GOFLAGS: "-ldflags=-s" } },
      "-trimpath -buildvcs=false -tags=heroku",
    ],
  ])("%# are as they should be", (change, expected) => {
    expect(flags(change)).toBe(expected);
  });
});
