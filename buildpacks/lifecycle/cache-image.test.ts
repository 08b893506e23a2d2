import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blobPath, layersOf, layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { type Bench, benchForEach, keepAsPrevious } from "./lifecycle-fixtures.ts";
import { makeManifest } from "./oci.ts";

/** Phases one by one, each a program of its own, with a cache that is an image. */

let bench: Bench;
benchForEach((made) => {
  bench = made;
});

const CACHE = "test.local/app:cache";
const cacheLayout = () => layoutPath(bench.layouts, CACHE);

/** Makes a layer `kept` of the app's image and a layer `tool` of the build only, both cached, unless they are there. */
const BUILD = `
for name in kept tool; do
  folder="$CNB_LAYERS_DIR/$name"
  if [ -e "$folder/made" ]; then echo "$name is there: $(cat "$folder/made")"; else
    mkdir -p "$folder/bin"; echo "\${MARK:-first}" > "$folder/made"; ln -s ../made "$folder/bin/link"
  fi
  [ -z "$CHANGE" ] || echo "$CHANGE" > "$folder/made"
  launch=false; [ "$name" = tool ] || launch=true
  printf '[types]\\nlaunch = %s\\nbuild = true\\ncache = true\\n[metadata]\\nv = "1"\\n' $launch > "$CNB_LAYERS_DIR/$name.toml"
done
`;

async function build(env: Record<string, string> = {}): Promise<string> {
  await bench.clearLayers();
  await rm(join(bench.root, "platform/env"), { recursive: true, force: true });
  for (const [name, value] of Object.entries({ ...env, X: "x" }))
    await bench.writeFiles({ [`platform/env/${name}`]: value });
  let said = "";
  for (const phase of ["analyzer", "detector", "restorer", "builder", "exporter"]) {
    const layout = ["-layout", "-layout-dir", bench.layouts];
    const args = ["restorer", "exporter"].includes(phase) ? [...layout, "-cache-image", CACHE] : [];
    const { exitCode, output } = await bench.run(phase, args);
    expect({ phase, exitCode, output }).toMatchObject({ exitCode: 0 });
    said += output;
  }
  return said;
}

async function begin() {
  await bench.addBuildpacks({ id: "test/a", build: BUILD });
  await bench.setOrder(["test/a"]);
  await bench.writeFiles({ "app/file": "hello" });
  return await build();
}

async function cacheImage() {
  const image = await readLayout(cacheLayout());
  if (!image) throw new Error("there is no cache image");
  return image;
}

/** Blobs that the app's image has brought: a platform puts them where the next build finds the cache's. */
async function shareBlobs(): Promise<void> {
  const from = layoutPath(bench.layouts, "test.local/app:new");
  for (const digest of layersOf(await cacheImage()).keys()) {
    const content = await readFile(blobPath(from, digest)).catch(() => undefined);
    if (content) await writeFile(blobPath(cacheLayout(), digest), content);
  }
}

describe("a cache image", () => {
  it("gives the next build its layers, which are not packed again", async () => {
    await begin();
    const first = await bench.image();
    await shareBlobs();
    await keepAsPrevious(bench);
    const before = await cacheImage();
    const said = await build();
    expect(said).toContain("kept is there: first\ntool is there: first\n");
    const second = await bench.image();
    expect(second.digest).toBe(first.digest);
    expect(
      await readdir(join(layoutPath(bench.layouts, "test.local/app:new"), "blobs/sha256")),
    ).not.toContain(layerOf(second, 0));
    expect((await cacheImage()).digest).toBe(before.digest);
  });

  it("holds layers of the app's image as the same blobs", async () => {
    await begin();
    const app = layersOf(await bench.image());
    const cached = [...layersOf(await cacheImage()).keys()];
    expect(cached).toHaveLength(2);
    expect(cached.filter((diffId) => app.has(diffId))).toHaveLength(1);
  });

  it("takes what a build has changed", async () => {
    await begin();
    await shareBlobs();
    await keepAsPrevious(bench);
    await build({ CHANGE: "other" });
    await shareBlobs();
    await keepAsPrevious(bench);
    expect(await build()).toContain("kept is there: other\ntool is there: other\n");
  });

  it("that has lost content is a cache without it", async () => {
    await begin();
    await keepAsPrevious(bench);
    const { manifest } = await cacheImage();
    await rm(join(cacheLayout(), "blobs/sha256"), { recursive: true, force: true });
    expect(manifest.layers).toHaveLength(2);
    expect(await build()).not.toContain("is there");
    expect(existsSync(join(bench.layers, "test_a/kept/made"))).toBe(true);
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", "null"],
    ["layers that are not there", '{"buildpacks":[{"key":"test/a","layers":{"kept":{"sha":"sha256:0"}}}]}'],
  ])("whose label says %s is an empty one", async (_, label) => {
    await begin();
    const index = join(cacheLayout(), "index.json");
    const { config } = await cacheImage();
    expect(config.config.Labels).toHaveProperty(["io.buildpacks.lifecycle.cache.metadata"]);
    await rm(index);
    const labels = { "io.buildpacks.lifecycle.cache.metadata": label };
    await writeImage(cacheLayout(), { ...config, config: { Labels: labels } }, (of) => makeManifest(of, []));
    await keepAsPrevious(bench);
    expect(await build()).not.toContain("is there");
  });

  it("is read from no other place than the layouts", async () => {
    const { exitCode, output } = await bench.run("restorer", ["-cache-image", CACHE]);
    expect(exitCode).not.toBe(0);
    expect(output).toBeTruthy();
  });
});

function layerOf(image: Awaited<ReturnType<Bench["image"]>>, n: number): string {
  return image.manifest.layers[n]?.digest.slice("sha256:".length) ?? "";
}
