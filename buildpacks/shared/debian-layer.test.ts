import { mkdir, readFile, readlink, symlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DebianPackage } from "./apt-output.ts";
import { makeFolder, writeFiles } from "./buildpack-fixtures.ts";
import { debianVariables, packagesKey, relocateLinks, writeDebianSbom } from "./debian-layer.ts";
import { openLayer } from "./layer-folder.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const LIB = "usr/lib/x86_64-linux-gnu";
const one: DebianPackage = {
  ...{ name: "libstdc++6", version: "1:12.2-1+b1", architecture: "amd64", sha256: "a".repeat(64), bytes: 1 },
  record: "",
};

describe("links of packages in a layer", () => {
  async function relocated(target: string): Promise<string> {
    const [root, base] = [path.join(folder.at, "layer"), path.join(folder.at, "base")];
    await writeFiles(root, { [`${LIB}/libz.so.1`]: "", "etc/alternatives/editor": "", "usr/bin/vi": "" });
    await writeFiles(base, { [`${LIB}/libpq.so.5`]: "", "etc/passwd": "" });
    const link = path.join(root, LIB, "link");
    await symlink(target, link);
    await relocateLinks(root, base);
    return (await readlink(link)).replace(base, "<base>");
  }

  it.each([
    ["to a neighbor stay", "libz.so.1", "libz.so.1"],
    ["to an absolute place lead into the layer", `/${LIB}/libz.so.1`, "libz.so.1"],
    ["to a folder that is merged lead into the layer", "/lib/x86_64-linux-gnu/libz.so.1", "libz.so.1"],
    ["to a library of the base lead there", "libpq.so.5", `<base>/${LIB}/libpq.so.5`],
    ["to nothing stay", "libnone.so.1", "libnone.so.1"],
    ["to another part of the layer are relative", "/usr/bin/vi", "../../bin/vi"],
  ])("%s", async (_what, target, expected) => {
    expect(await relocated(target)).toBe(expected);
  });
});

describe("what programs are told of a layer", () => {
  it("is where its programs, libraries and headers are", async () => {
    const at = (name: string) => path.join(folder.at, name);
    await writeFiles(folder.at, {
      ...{
        "usr/bin/x": "",
        [`${LIB}/libx.so.1`]: "",
        [`${LIB}/blas/libblas.so.3`]: "",
        [`${LIB}/gconv/x.so`]: "",
      },
      ...{ [`${LIB}/pkgconfig/x.pc`]: "", "usr/include/x.h": "" },
    });
    expect(await debianVariables(folder.at, { architecture: "amd64" })).toEqual({
      launch: [
        { name: "PATH", operation: "prepend", value: at("usr/bin") },
        {
          name: "LD_LIBRARY_PATH",
          operation: "prepend",
          value: [at(LIB), at("usr/lib"), at(`${LIB}/blas`)].join(":"),
        },
      ],
      build: [
        { name: "LIBRARY_PATH", operation: "prepend", value: `${at(LIB)}:${at("usr/lib")}` },
        { name: "CPATH", operation: "prepend", value: at("usr/include") },
        { name: "CPPPATH", operation: "prepend", value: at("usr/include") },
        { name: "PKG_CONFIG_PATH", operation: "prepend", value: at(`${LIB}/pkgconfig`) },
      ],
    });
  });

  it("is nothing of an empty one", async () => {
    expect(await debianVariables(folder.at, { architecture: "arm64" })).toEqual({ launch: [], build: [] });
  });
});

it("a layer's bill of materials names each package by its address, and is the same for the same packages", async () => {
  await mkdir(path.join(folder.at, "php"));
  const layer = await openLayer(folder.at, "php");
  const base = { id: "debian", version: "12", codename: "bookworm", architecture: "amd64" } as const;
  await writeDebianSbom(layer, base, [one]);
  const text = await readFile(path.join(folder.at, "php.sbom.cdx.json"), "utf8");
  expect(JSON.parse(text)).toMatchObject({
    ...{ bomFormat: "CycloneDX", specVersion: "1.5" },
    components: [
      {
        purl: "pkg:deb/debian/libstdc%2B%2B6@1%3A12.2-1%2Bb1?arch=amd64&distro=debian-12",
        version: "1:12.2-1+b1",
      },
    ],
  });
  await writeDebianSbom(layer, base, [one]);
  expect(await readFile(path.join(folder.at, "php.sbom.cdx.json"), "utf8")).toBe(text);
});

it("packages have a key by name and content", () => {
  const renumbered = { ...one, version: "2" };
  expect(packagesKey([one])).toBe(packagesKey([renumbered]));
  expect(packagesKey([one])).not.toBe(packagesKey([{ ...one, sha256: "b".repeat(64) }]));
  expect(packagesKey([one])).not.toBe(packagesKey([]));
});
