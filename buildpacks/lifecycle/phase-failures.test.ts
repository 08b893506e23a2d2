import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lifecycleMetadata } from "./analyze-phase.ts";
import { layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { type Bench, bundlePrograms, IMAGE, makeBench } from "./lifecycle-fixtures.ts";
import { LABEL, makeManifest } from "./oci.ts";

let programs: Awaited<ReturnType<typeof bundlePrograms>>;
let bench: Bench;
beforeAll(async () => {
  programs = await bundlePrograms();
  bench = await makeBench(programs.folder);
  const launch = `printf '[[processes]]\\ntype = "web"\\ncommand = ["x"]\\n' > "$CNB_LAYERS_DIR/launch.toml"`;
  const reuse = `printf '[types]\\nlaunch = true\\n' > "$CNB_LAYERS_DIR/gone.toml"`;
  await bench.addBuildpacks(
    { id: "test/web", build: launch },
    { id: "test/reuse", build: reuse },
    { id: "test/future", api: "0.99" },
    { id: "test/odd", build: 'echo "not toml" > "$CNB_LAYERS_DIR/launch.toml"' },
    { id: "test/plan", detect: 'echo "not toml" > "$CNB_BUILD_PLAN_PATH"' },
  );
});
afterAll(async () => {
  await bench.dispose();
  await programs.dispose();
});

interface Failure {
  readonly order?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly says: RegExp;
}

describe("a creator that cannot go on", () => {
  const cases: readonly [string, Failure][] = [
    [
      "another Platform API",
      { env: { CNB_PLATFORM_API: "0.3" }, code: 11, says: /Platform API 0\.3 is not supported/ },
    ],
    ["another Buildpack API", { order: ["test/future"], code: 12, says: /Buildpack API 0\.99/ }],
    ["a flag it does not have", { args: ["-nonsense"], code: 1, says: /no flag -nonsense/ }],
    ["a container engine", { args: ["-daemon"], code: 1, says: /no container engine/ }],
    [
      "no leave for experiments",
      { env: { CNB_EXPERIMENTAL_MODE: "error" }, code: 1, says: /CNB_EXPERIMENTAL_MODE/ },
    ],
    ["no order", { args: ["-order", "/nowhere"], code: 22, says: /\/nowhere is missing/ }],
    [
      "a buildpack that is not there",
      { order: ["test/none"], code: 22, says: /test\/none@1\.0\.0 is not in/ },
    ],
    ["a plan that is not TOML", { order: ["test/plan"], code: 22, says: /plan\.toml is not valid TOML/ }],
    [
      "a run image that is not there",
      { args: ["-run-image", "a.b/c:d"], code: 32, says: /run image a\.b\/c:d is not in/ },
    ],
    [
      "a launch.toml that is not TOML",
      { order: ["test/odd"], code: 52, says: /launch\.toml is not valid TOML/ },
    ],
    [
      "an unknown process type",
      { args: ["-process-type", "worker"], code: 62, says: /"worker" is not among web/ },
    ],
    [
      "a layer nobody has",
      { order: ["test/reuse"], code: 62, says: /layer gone of test\/reuse has no content/ },
    ],
  ];

  it.each(cases)(
    "ends with the code for %s",
    async (_, { order = ["test/web"], args = [], env, code, says }) => {
      await bench.setOrder(order);
      const { exitCode, output } = await bench.create(args, env);
      expect({ exitCode, output }).toMatchObject({ exitCode: code, output: expect.stringMatching(says) });
    },
  );
});

it("the detector refuses image extensions", async () => {
  const extension = '[[order-extensions]]\n[[order-extensions.group]]\nid = "a"\nversion = "1"\n';
  await bench.writeFiles({ "order.toml": extension });
  expect(await bench.create()).toMatchObject({
    exitCode: 22,
    output: expect.stringContaining("image extensions"),
  });
});

it("the restorer refuses a build image to extend", async () => {
  expect(await bench.run("restorer", ["-build-image", "test.local/build"])).toMatchObject({
    exitCode: 42,
    output: expect.stringContaining("image extensions are not supported"),
  });
});

describe("the rebaser", () => {
  const OTHER = "test.local/run:newer";

  beforeAll(async () => {
    await bench.setOrder(["test/web"]);
    await bench.create();
    await writeRunImage(OTHER, "13");
  });

  async function writeRunImage(name: string, release: string): Promise<void> {
    const config = {
      architecture: process.arch === "x64" ? "amd64" : "arm64",
      os: "linux",
      config: { Labels: { [LABEL.distroName]: "debian", [LABEL.distroVersion]: release } },
      rootfs: { type: "layers" as const, diff_ids: [`sha256:${"1".repeat(64)}`] },
    };
    const base = {
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest: `sha256:${"1".repeat(64)}`,
      size: 1,
    };
    await writeImage(layoutPath(bench.layouts, name), config, (of) => makeManifest(of, [base]));
  }
  const rebase = (args: readonly string[]) =>
    bench.run("rebaser", [...args, "-previous-image", IMAGE, "test.local/app:rebased"]);

  it("refuses another run image, and takes it when forced", async () => {
    expect(await rebase(["-run-image", OTHER])).toMatchObject({
      exitCode: 72,
      output: expect.stringContaining("Pass -force"),
    });
    expect((await rebase(["-run-image", OTHER, "-force"])).exitCode).toBe(0);
    const before = await bench.image();
    const after = await readLayout(layoutPath(bench.layouts, "test.local/app:rebased"));
    if (!after) throw new Error("no image was written");
    expect(after.manifest.layers.slice(1)).toEqual(before.manifest.layers);
    expect(after.config.rootfs.diff_ids[0]).toBe(`sha256:${"1".repeat(64)}`);
    expect(after.config.config.Labels?.[LABEL.distroVersion]).toBe("13");
    expect(after.config.config.Entrypoint).toEqual(before.config.config.Entrypoint);
    const { runImage } = lifecycleMetadata(after);
    expect(runImage).toMatchObject({ image: OTHER, topLayer: `sha256:${"1".repeat(64)}` });
    expect(await readFile(join(bench.layers, "report.toml"), "utf8")).toContain(after.digest);
  });

  it("replaces the layers of the old run image, and only those", async () => {
    const again = "test.local/app:rebased";
    await writeRunImage("test.local/run:base", "12");
    const { exitCode } = await bench.run("rebaser", ["-run-image", "test.local/run:base", "-force", again]);
    expect(exitCode).toBe(0);
    const after = await readLayout(layoutPath(bench.layouts, again));
    expect(after?.manifest.layers).toHaveLength((await bench.image()).manifest.layers.length + 1);
  });

  it("refuses an image that is not there", async () => {
    const { exitCode, output } = await bench.run("rebaser", ["test.local/none"]);
    expect({ exitCode, output }).toMatchObject({
      exitCode: 72,
      output: expect.stringContaining("there is no image"),
    });
  });
});
