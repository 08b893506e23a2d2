import { describe, expect, it } from "vitest";
import { scriptedFetcher } from "../../shared/buildpack-fixtures.ts";
import { readSums, standaloneSources } from "./standalone-pythons.ts";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(64)) as [string, string, string];
const name = (version: string, rest = "x86_64-unknown-linux-gnu-install_only.tar.gz") =>
  `cpython-${version}+20261101-${rest}`;
const STRIPPED = "x86_64-unknown-linux-gnu-install_only_stripped.tar.gz";

describe("a list of checksums", () => {
  it("names the released CPythons of one architecture", () => {
    const sums = [
      `${A}  ${name("3.13.1")}`,
      `${B} *${name("3.12.9")}\r`,
      `${C}  ${name("3.13.1", "aarch64-unknown-linux-gnu-install_only.tar.gz")}`,
      `${C}  ${name("3.13.1", "x86_64-unknown-linux-musl-install_only.tar.gz")}`,
      `${C}  ${name("3.13.1", "x86_64-unknown-linux-gnu-freethreaded-install_only.tar.gz")}`,
      `${C}  ${name("3.13.1", "x86_64-unknown-linux-gnu-pgo+lto-full.tar.zst")}`,
      `${C}  ${name("3.15.0a2")}`,
      `${C}  ${name("3.11.1")}/../../x`,
      `short  ${name("3.10.1")}`,
      "",
    ].join("\n");
    expect(readSums(sums, "x86_64")).toEqual([
      { version: "3.13.1", file: name("3.13.1"), sum: A },
      { version: "3.12.9", file: name("3.12.9"), sum: B },
    ]);
  });

  it.each([
    [`${A}  ${name("3.13.1")}\n${B}  ${name("3.13.1", STRIPPED)}`, B],
    [`${B}  ${name("3.13.1", STRIPPED)}\n${A}  ${name("3.13.1")}`, B],
  ])("prefers the form without debug symbols", (sums, sum) => {
    expect(readSums(sums, "x86_64")).toMatchObject([{ version: "3.13.1", sum }]);
  });
});

describe("the sources", () => {
  const MIRROR = "https://mirror.example/20261101";

  it("are the operator's, in order, without the package registry", () => {
    const { fetcher } = scriptedFetcher({});
    const listed = [{ kind: "mirror", address: MIRROR }, { kind: "registry" }, { kind: "official" }] as const;
    const names = standaloneSources(listed, "x64", fetcher).map((source) => source.name);
    expect(names).toEqual([`the mirror ${MIRROR}`, "python-build-standalone"]);
  });

  it("say where an archive is and what it must hash to", async () => {
    const { fetcher } = scriptedFetcher({ [`${MIRROR}/SHA256SUMS`]: `${A}  ${name("3.13.1")}\n` });
    const [source] = standaloneSources([{ kind: "mirror", address: MIRROR }], "x64", fetcher);
    expect(await source?.list()).toEqual([
      {
        version: "3.13.1",
        download: {
          address: `${MIRROR}/cpython-3.13.1%2B20261101-x86_64-unknown-linux-gnu-install_only.tar.gz`,
          integrity: `sha256-${Buffer.from(A, "hex").toString("base64")}`,
        },
      },
    ]);
  });

  it("at the public address are the newest release's", async () => {
    const { fetcher, asked } = scriptedFetcher({});
    const [source] = standaloneSources([{ kind: "official" }], "arm64", fetcher);
    await expect(source?.list()).rejects.toThrow("refused");
    expect(asked).toEqual([
      "https://github.com/astral-sh/python-build-standalone/releases/latest/download/SHA256SUMS",
    ]);
  });

  it("that send too much are not read", async () => {
    const { fetcher } = scriptedFetcher({ [`${MIRROR}/SHA256SUMS`]: "x".repeat(5 * 1024 * 1024) });
    const [source] = standaloneSources([{ kind: "mirror", address: MIRROR }], "x64", fetcher);
    await expect(source?.list()).rejects.toThrow("too long");
  });
});
