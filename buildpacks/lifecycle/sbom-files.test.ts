import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeLayer } from "./image-layout.ts";
import type { LayerFiles } from "./layer-files.ts";
import { packLayer } from "./oci.ts";
import { copyLayerSboms, gatherSboms, readSbomLayer, restoreLayerSboms, sbomFilesIn } from "./sbom-files.ts";
import { toEntries, walkTree } from "./tree-entries.ts";

let layers: string;
const at = (...names: string[]) => join(layers, ...names);
beforeEach(async () => {
  layers = await mkdtemp(join(tmpdir(), "sbom-"));
});
afterEach(() => rm(layers, { recursive: true, force: true }));

async function write(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(at(name)), { recursive: true });
    await writeFile(at(name), `{"of":"${name}"}`);
  }
}
const layer = (name: string, launch: boolean): LayerFiles => ({
  ...{ buildpackId: "test/a", name, folder: "", hasContent: true, metadata: {} },
  types: { build: false, cache: !launch, launch },
});
const gathered = async () =>
  (await readdir(at("sbom"), { recursive: true })).filter((name) => name.endsWith(".json")).sort();

describe("bills of materials (platform.md, exporter outputs)", () => {
  const members = [
    { id: "test/a", layers: [layer("node", true), layer("npm", false), layer("odd\nname", true)] },
  ];

  it("go to the image for launch and launch layers, to the build for the rest, in every format", async () => {
    await write("test_a/launch.sbom.cdx.json", "test_a/build.sbom.spdx.json", "test_a/node.sbom.syft.json");
    await write("test_a/npm.sbom.cdx.json", "test_a/odd\nname.sbom.cdx.json", "test_a/gone.sbom.cdx.json");
    await write("test_a/node.sbom.xml", "test_a/node.json");
    expect(await gatherSboms(layers, members, at("none"))).toBe(true);
    expect(await gathered()).toEqual([
      "build/test_a/npm/sbom.cdx.json",
      "build/test_a/sbom.spdx.json",
      "launch/test_a/node/sbom.syft.json",
      "launch/test_a/odd\nname/sbom.cdx.json",
      "launch/test_a/sbom.cdx.json",
    ]);
    expect(await readFile(at("sbom/launch/test_a/sbom.cdx.json"), "utf8")).toContain("launch.sbom.cdx.json");
  });

  it("hold the launcher's in the image and the lifecycle's with the build, where it brings them", async () => {
    await write("cnb/launcher.sbom.cdx.json", "cnb/lifecycle.sbom.cdx.json", "cnb/other.sbom.cdx.json");
    expect(await gatherSboms(layers, [], at("cnb"))).toBe(true);
    expect(await gathered()).toEqual([
      "build/buildpacksio_lifecycle/sbom.cdx.json",
      "launch/buildpacksio_lifecycle/launcher/sbom.cdx.json",
    ]);
  });

  it("are those of this build only", async () => {
    await write("sbom/launch/test_old/sbom.cdx.json", "sbom/build/test_old/x/sbom.cdx.json");
    expect(await gatherSboms(layers, members, at("none"))).toBe(false);
    expect(await gathered()).toEqual([]);
  });
});

describe("what a layer's bill of materials goes through between builds", () => {
  it("comes back out of the image's layer, beside the layer it belongs to and no other", async () => {
    await write("sbom/launch/test_a/x/sbom.cdx.json", "sbom/launch/test_a/x/sbom.spdx.json");
    await write(
      "sbom/launch/test_a/xy/sbom.cdx.json",
      "sbom/launch/test_a/sbom.cdx.json",
      "sbom/launch/test_b/x/sbom.cdx.json",
    );
    const tar = packLayer(toEntries(walkTree(at("sbom/launch"))), { uid: 0, gid: 0 });
    const made = await writeLayer(at("layout"), tar);
    const sboms = await readSbomLayer(at("layout/blobs/sha256", made.diffId.slice("sha256:".length)));
    expect([...sboms.keys()].sort()).toHaveLength(5);
    await restoreLayerSboms(sboms, { buildpackId: "test/a", name: "x" }, at("back"));
    expect(await sbomFilesIn(at("back"))).toEqual([
      { name: "x", extension: "cdx.json" },
      { name: "x", extension: "spdx.json" },
    ]);
    expect(await readFile(at("back/x.sbom.cdx.json"), "utf8")).toContain("test_a/x/sbom.cdx.json");
  });

  it("is nothing when the image's layer is not here", async () => {
    expect((await readSbomLayer(at("none"))).size).toBe(0);
  });

  it("is copied for one layer in all its formats", async () => {
    await write("from/x.sbom.cdx.json", "from/x.sbom.syft.json", "from/y.sbom.cdx.json", "from/x.toml");
    await copyLayerSboms(at("from"), at("to"), "x");
    expect((await readdir(at("to"))).sort()).toEqual(["x.sbom.cdx.json", "x.sbom.syft.json"]);
  });
});
