import { describe, expect, it } from "vitest";
import { TOOLCHAIN_HASHES } from "./go-inventory.ts";
import { moduleProxies, readVersion, withoutDatabase } from "./go-module-proxy.ts";

describe("GOPROXY", () => {
  it.each<[string | undefined, readonly string[]]>([
    [undefined, ["https://proxy.golang.org"]],
    ["", ["https://proxy.golang.org"]],
    [
      "https://a.example/go/,https://b.example|http://c.example,direct",
      [...["https://a.example/go", "https://b.example", "http://c.example"]],
    ],
    ["off", []],
    ["direct,https://a.example", []],
    ["https://a.example, off ,https://b.example", ["https://a.example"]],
    ["file:///srv/go,https://a.example", ["https://a.example"]],
  ])("%j has %j", (setting, proxies) => {
    expect(moduleProxies(setting)).toEqual(proxies);
  });
});

describe("the checksum database", () => {
  it.each<[Record<string, string>, boolean]>([
    [{}, false],
    [{ GOSUMDB: "off" }, true],
    [{ GOSUMDB: "sum.golang.org" }, false],
    [{ GONOSUMDB: "example.com/*" }, false],
    [{ GONOSUMDB: "example.com, golang.org/toolchain" }, true],
    [{ GOPRIVATE: "*" }, true],
    [{ GOPRIVATE: "*", GONOSUMDB: "example.com" }, false],
    [{ GONOSUMCHECK: "1" }, true],
    [{ GOFLAGS: "-mod=mod -insecure" }, true],
    [{ GOFLAGS: "-mod=mod" }, false],
  ])("with %j is off: %s", (env, off) => {
    expect(withoutDatabase(env)).toBe(off);
  });
});

it("a module's version names a release", () => {
  expect(["v0.0.1-go1.25.3", "v0.0.1-go1.26rc1", "v0.0.1-gox", "v1.0.0"].map(readVersion)).toEqual([
    ...["1.25.3", "1.26rc1", undefined, undefined],
  ]);
});

it("the inventory holds hashes of toolchains", () => {
  for (const [version, hash] of Object.entries(TOOLCHAIN_HASHES)) {
    expect(version).toMatch(/^v0\.0\.1-go1\.\d+\.\d+\.linux-(amd64|arm64)$/);
    expect(hash).toMatch(/^h1:[A-Za-z0-9+/]{43}=$/);
  }
});
