import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { scriptedFetcher } from "../../shared/buildpack-fixtures.ts";
import { type Fetcher, makeFetcher } from "../../shared/verified-download.ts";
import { TOOLCHAIN_HASHES } from "./go-inventory.ts";
import { type GoSource, goSource } from "./go-sources.ts";
import { GO_ARCH, type ServedGo, serveGo, toolchainZip } from "./toolchain-fixtures.ts";

let server: Awaited<ReturnType<typeof serveGo>> | undefined;
let fetcher: Fetcher | undefined;
afterEach(async () => {
  await fetcher?.close();
  await server?.stop();
});

async function sourceOn(kind: "mirror" | "registry", served: ServedGo, env = {}): Promise<GoSource> {
  server = await serveGo(served);
  fetcher = makeFetcher({}, new AbortController().signal);
  const source = kind === "mirror" ? { kind, address: `${server.address}/dl` } : { kind };
  return goSource(source, { arch: GO_ARCH, env: { ...server.env, ...env }, fetcher });
}

describe("a distribution", () => {
  it("has the releases of its list, and gives archives that fit their checksums", async () => {
    const source = await sourceOn("mirror", { official: ["1.25.1", "1.26rc1", "1.20"] });
    expect(source.name).toBe(`the mirror ${server?.address}/dl`);
    expect(await source.versions(undefined)).toEqual(["1.25.1", "1.26rc1", "1.20"]);
    expect(await source.fetch("1.25.1")).toMatchObject({ kind: "tar" });
    expect(server?.requests).toEqual([
      ...["GET /dl/?mode=json&include=all", `GET /dl/go1.25.1.linux-${GO_ARCH}.tar.gz`],
    ]);
  });

  it("refuses an archive that was changed", async () => {
    const source = await sourceOn("mirror", {
      official: ["1.25.1"],
      spoil: (at, body) => (at.endsWith(".tar.gz") ? Buffer.concat([body, Buffer.from("x")]) : body),
    });
    await expect(source.fetch("1.25.1")).rejects.toThrow(/integrity/);
  });

  it("has no version for which it gives no checksum", async () => {
    const source = await sourceOn("mirror", { official: ["1.25.1"] });
    await expect(source.fetch("1.25.2")).rejects.toThrow("its list has no checksum of Go 1.25.2");
  });

  it("is that of go.dev when it is the official one", async () => {
    const scripted = scriptedFetcher({ "https://go.dev/dl/?mode=json&include=all": [] });
    const source = goSource({ kind: "official" }, { arch: "arm64", env: {}, fetcher: scripted.fetcher });
    expect([source.name, await source.versions(undefined)]).toEqual(["go.dev", []]);
  });
});

describe("the module proxy", () => {
  it("has the versions of this platform in its list, and what is asked for beyond it", async () => {
    const source = await sourceOn("registry", { listed: ["1.25.1", "1.24.0"], unlisted: ["1.25.2"] });
    expect(await source.versions(undefined)).toEqual(["1.25.1", "1.24.0"]);
    expect(await source.versions("1.25.2")).toEqual(["1.25.1", "1.24.0", "1.25.2"]);
    expect(await source.versions("1.25.3")).toEqual(["1.25.1", "1.24.0"]);
  });

  it("gives zips with the hash that the checksum database has proven", async () => {
    const source = await sourceOn("registry", { listed: ["1.25.1", "1.25.2"] });
    const archive = await source.fetch("1.25.2");
    const { hash, bytes, top } = toolchainZip("1.25.2");
    expect(archive).toMatchObject({ kind: "module", hash, top });
    expect((await readFile(archive.file)).equals(bytes)).toBe(true);
  });

  it("is not believed when it forges a record", async () => {
    const source = await sourceOn("registry", {
      listed: ["1.25.1"],
      spoil: (at, body) =>
        at.includes("/lookup/") ? Buffer.from(body.toString().replace(/h1:..../, "h1:AAAA")) : body,
    });
    await expect(source.fetch("1.25.1")).rejects.toThrow(/^its checksum could not be had from sums\.example/);
  });

  it.each([
    { GOSUMDB: "off" },
    { GONOSUMDB: "golang.org/*" },
    { GONOSUMCHECK: "1" },
    { GOFLAGS: "-v -insecure" },
  ])("gives only what the inventory knows with %j", async (env) => {
    const version = Object.keys(TOOLCHAIN_HASHES)
      .find((one) => one.endsWith(GO_ARCH))
      ?.slice("v0.0.1-go".length, -`.linux-${GO_ARCH}`.length);
    const source = await sourceOn("registry", { listed: ["1.25.1"], unlisted: [version ?? ""] }, env);
    await expect(source.fetch("1.25.1")).rejects.toThrow("turn the checksum database off");
    expect(await source.fetch(version ?? "")).toMatchObject({
      hash: TOOLCHAIN_HASHES[`v0.0.1-go${version}.linux-${GO_ARCH}`],
    });
    expect(server?.requests.some((one) => one.includes("sumdb"))).toBe(false);
  });

  it("is the next one of GOPROXY when one does not answer", async () => {
    const source = await sourceOn("registry", { listed: ["1.25.1"] });
    const both = `http://127.0.0.1:9|${server?.address}/proxy`;
    const env = { ...server?.env, GOPROXY: both };
    const second = goSource({ kind: "registry" }, { arch: GO_ARCH, env, fetcher: fetcher as Fetcher });
    expect(await second.versions(undefined)).toEqual(await source.versions(undefined));
  });

  it("is none where GOPROXY has none", async () => {
    const source = await sourceOn("registry", {}, { GOPROXY: "off" });
    await expect(source.versions(undefined)).rejects.toThrow("GOPROXY names no module proxy");
  });
});
