import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { lifecycleMetadata } from "./analyze-phase.ts";
import { blobPath } from "./image-layout.ts";
import { type Bench, benchForEach, keepAsPrevious } from "./lifecycle-fixtures.ts";
import { LABEL } from "./oci.ts";

let bench: Bench;
benchForEach((made) => {
  bench = made;
});

/** Installs dependencies into a cached launch layer, unless the list of them is unchanged. */
const DEPENDENCIES = `
list=$(cat deps.txt)
layer="$CNB_LAYERS_DIR/deps"
if [ -f "$layer/list" ] && [ "$(cat "$layer/list")" = "$list" ]; then echo "deps kept"; else
  rm -rf "$layer"; mkdir -p "$layer/bin" "$layer/env"
  echo "$list" > "$layer/list"; printf '#!/bin/sh\\necho tool' > "$layer/bin/tool"; chmod +x "$layer/bin/tool"
  printf yes > "$layer/env/DEPS"; echo "deps installed"
fi
printf '[types]\\nlaunch = true\\ncache = true\\nbuild = true\\n[metadata]\\nlist = "%s"\\n' "$list" > "$layer.toml"
cat > "$CNB_LAYERS_DIR/launch.toml" <<'TOML'
[[processes]]
type = "web"
command = ["serve", "--port"]
args = ["80"]
default = true
TOML
`;

describe("a build by the creator", () => {
  beforeEach(async () => {
    await bench.addBuildpacks({
      id: "test/deps",
      detect: "[ -f deps.txt ] || exit 100",
      build: DEPENDENCIES,
    });
    await bench.setOrder(["test/deps"]);
    await bench.writeFiles({ "app/deps.txt": "one", "app/main.txt": "hello" });
  });

  it("makes an image with the layers, labels, environment and entry point of the specification", async () => {
    const { exitCode, output } = await bench.create();
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    expect(output).toContain(
      "-----> Using buildpack: test/deps 1.0.0\ndeps installed\n-----> Exporting the image",
    );
    const { config, manifest } = await bench.image();
    expect(manifest.layers).toHaveLength(4);
    expect(config.config).toMatchObject({
      User: "1000:1000",
      Entrypoint: ["/cnb/process/web"],
      WorkingDir: bench.app,
      Env: [
        "PATH=/cnb/process:/cnb/lifecycle:/usr/bin:/bin",
        `CNB_LAYERS_DIR=${bench.layers}`,
        `CNB_APP_DIR=${bench.app}`,
      ],
    });
    expect(config.created).toBe("1980-01-01T00:00:01Z");
    const labels = config.config.Labels ?? {};
    expect(JSON.parse(labels[LABEL.build] ?? "")).toMatchObject({
      processes: [
        { type: "web", command: ["serve", "--port"], args: ["80"], direct: true, "exec-env": ["*"] },
      ],
      buildpacks: [{ id: "test/deps", version: "1.0.0", api: "0.12" }],
    });
    const metadata = lifecycleMetadata(await bench.image());
    expect(metadata.buildpacks?.[0]?.layers?.deps).toMatchObject({
      sha: manifest.layers[0]?.digest,
      data: { list: "one" },
      ...{ launch: true, build: true, cache: true },
    });
    expect(metadata.runImage).toMatchObject({ image: "test.local/run:base", topLayer: "" });
    const report = await readFile(join(bench.layers, "report.toml"), "utf8");
    expect(report).toContain((await bench.image()).digest);
  });

  it("makes the same image of the same source, with a cache and without one", async () => {
    await bench.create();
    const first = await bench.image();
    await keepAsPrevious(bench);
    const again = await bench.create();
    expect(again.output).toContain("deps kept");
    expect((await bench.image()).digest).toBe(first.digest);
    await bench.create(["-cache-dir", join(bench.root, "other-cache")]);
    expect((await bench.image()).digest).toBe(first.digest);
  });

  it("takes an untouched layer from the previous image without its content", async () => {
    await bench.create();
    await keepAsPrevious(bench);
    await bench.writeFiles({ "app/main.txt": "changed" });
    const { output } = await bench.create();
    expect(output).toContain("3 layers used again, 1 layer added (");
    const image = await bench.image();
    const written = await readdir(join(image.path, "blobs", "sha256"));
    const kept = image.manifest.layers[0]?.digest ?? "";
    expect(written).not.toContain(kept.slice("sha256:".length));
    await expect(stat(blobPath(image.path, image.manifest.layers[1]?.digest ?? ""))).resolves.toBeTruthy();
  });

  it("gives an untouched layer back to the cache when the build fails, and drops a changed one", async () => {
    await bench.create();
    await bench.addBuildpacks({ id: "test/fails", build: "echo broken; exit 3" });
    await bench.setOrder(["test/deps", "test/fails"]);
    const failed = await bench.create();
    expect(failed).toMatchObject({ exitCode: 51 });
    expect(failed.output).toContain("broken\n !     test/fails 1.0.0 failed with exit status 3.");
    await bench.setOrder(["test/deps"]);
    expect((await bench.create()).output).toContain("deps kept");
    await bench.addBuildpacks({
      id: "test/fails",
      build: 'echo x > "$CNB_LAYERS_DIR/../test_deps/deps/x"; exit 3',
    });
    await bench.setOrder(["test/deps", "test/fails"]);
    await bench.create();
    await bench.setOrder(["test/deps"]);
    expect((await bench.create()).output).toContain("deps installed");
  });

  it("passes skip-restore, exec environment and source date on", async () => {
    await bench.create();
    expect((await bench.create(["-skip-restore"])).output).toContain("deps installed");
    await bench.create([], { SOURCE_DATE_EPOCH: "86400" });
    expect((await bench.image()).config.created).toBe("1970-01-02T00:00:00Z");
  });
});

describe("a source nobody takes", () => {
  it("ends with 20 and says what each buildpack looked for", async () => {
    await bench.addBuildpacks(
      { id: "test/node", detect: 'echo "looked for package.json"; exit 100' },
      { id: "test/python", detect: 'echo "looked for requirements.txt"; exit 100' },
    );
    await bench.setOrder(["test/node"], ["test/python"]);
    const { exitCode, output } = await bench.create();
    expect(exitCode).toBe(20);
    expect(output).toContain("test/node: looked for package.json");
    expect(output).toContain("test/python: looked for requirements.txt");
  });

  it("ends with 21 when a buildpack failed while looking", async () => {
    await bench.addBuildpacks({ id: "test/broken", detect: "exit 1" });
    await bench.setOrder(["test/broken"]);
    expect((await bench.create()).exitCode).toBe(21);
  });
});
