import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lifecycleMetadata } from "./analyze-phase.ts";
import { layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { type Bench, benchForEach, IMAGE, keepAsPrevious } from "./lifecycle-fixtures.ts";
import { LABEL, makeManifest } from "./oci.ts";
import { readToml } from "./toml-files.ts";

/** One case for each rule of platform.md that the phase programs keep; the titles name the paragraphs. */
let bench: Bench;
let programs: string;
benchForEach((made, folder) => {
  bench = made;
  programs = folder;
});

const layer = (name: string, types: string, file = name) =>
  `mkdir -p "$CNB_LAYERS_DIR/${name}"; echo ${file} > "$CNB_LAYERS_DIR/${name}/file"; printf '[types]\\n${types}\\n' > "$CNB_LAYERS_DIR/${name}.toml"`;
const launchFile = (toml: string) => `cat > "$CNB_LAYERS_DIR/launch.toml" <<'TOML'\n${toml}\nTOML`;
const web = (command: string, more = "") => `[[processes]]\ntype = "web"\ncommand = ["${command}"]\n${more}`;

async function creates(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { exitCode, output } = await bench.create(args, env);
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  return output;
}

describe("analyzer", () => {
  it("Inputs: takes the run image of run.toml when none is asked for, and its names from there", async () => {
    await bench.addBuildpacks({ id: "test/a" });
    await bench.setOrder(["test/a"]);
    const run = '[[images]]\nimage = "test.local/run:base"\nmirrors = ["mirror.local/run:base"]\n';
    await bench.writeFiles({ "run.toml": run });
    const noneAsked = ["-run-image", "", "-run", join(bench.root, "run.toml")];
    await creates(noneAsked);
    expect(lifecycleMetadata(await bench.image()).runImage).toMatchObject({
      image: "test.local/run:base",
      mirrors: ["mirror.local/run:base"],
    });
  });

  it("runImage: is the first of run.toml when that does not know the image that was asked for", async () => {
    await bench.addBuildpacks({ id: "test/a" });
    await bench.setOrder(["test/a"]);
    await bench.writeFiles({
      "run.toml": '[[images]]\nimage = "test.local/other:x"\nmirrors = ["m.local/x:y"]\n',
    });
    await creates(["-run", join(bench.root, "run.toml")]);
    const { runImage } = lifecycleMetadata(await bench.image());
    expect([runImage?.image, runImage?.mirrors]).toEqual(["test.local/other:x", ["m.local/x:y"]]);
  });

  it.each(["not json", "null", "[]", '"text"'])(
    "goes on without a previous image whose label is %s",
    async (label) => {
      await bench.addBuildpacks({ id: "test/a" });
      await bench.setOrder(["test/a"]);
      const config = {
        architecture: "amd64",
        os: "linux",
        rootfs: { type: "layers" as const, diff_ids: [] },
      };
      const labeled = { ...config, config: { Labels: { [LABEL.lifecycle]: label } } };
      await writeImage(layoutPath(bench.layouts, "test.local/app:old"), labeled, (of) =>
        makeManifest(of, []),
      );
      expect(await creates()).toContain(`Building without the previous image: the label ${LABEL.lifecycle}`);
    },
  );

  it("target data: the machine's distribution, where the run image names none", async () => {
    const bare = {
      architecture: "arm64",
      os: "linux",
      variant: "v8",
      config: {},
      rootfs: { type: "layers" as const, diff_ids: [] },
    };
    await writeImage(layoutPath(bench.layouts, "test.local/bare:1"), bare, (of) => makeManifest(of, []));
    expect((await bench.run("analyzer", ["-run-image", "test.local/bare:1"])).exitCode).toBe(0);
    const target = (await readToml(join(bench.layers, "analyzed.toml")))?.["run-image"];
    const release = /^ID="?([^"\n]*)/m.exec(await readFile("/etc/os-release", "utf8"))?.[1];
    expect(target).toMatchObject({
      target: { os: "linux", arch: "arm64", variant: "v8", distro: { name: release } },
    });
  });
});

describe("detector", () => {
  it("Execution Environments: skips what is not for this one, and takes the rest of the group", async () => {
    await bench.addBuildpacks(
      { id: "test/only", toml: '[[buildpack.exec-env]]\nname = "test"' },
      { id: "test/a" },
    );
    await bench.setOrder(["test/only", "test/a"]);
    const { exitCode, output } = await bench.run("detector");
    expect({ exitCode, output }).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining("buildpack: test/a 1.0.0"),
    });
    const inTest = await bench.run("detector", [], { CNB_EXEC_ENV: "test" });
    expect(inTest.output).toContain("Using buildpacks: test/only 1.0.0, test/a 1.0.0");
  });

  it("Phase #1: runs a buildpack that two composites of a group hold once", async () => {
    const composite = (id: string) => ({
      id,
      toml: '[[order]]\n[[order.group]]\nid = "test/a"\nversion = "1.0.0"',
    });
    await bench.addBuildpacks(composite("test/one"), composite("test/two"), {
      id: "test/a",
      build: `echo built; ${layer("x", "launch = true")}`,
    });
    await bench.setOrder(["test/one", "test/two"]);
    expect((await creates()).match(/built/g)).toHaveLength(1);
    expect(lifecycleMetadata(await bench.image()).buildpacks).toHaveLength(1);
  });

  it("Buildpack Interface: an exit status other than 0 and 100 of an optional one leaves it out", async () => {
    await bench.addBuildpacks({ id: "test/broken", detect: "exit 3" }, { id: "test/a" });
    await bench.setOrder(["test/broken?", "test/a"]);
    expect((await bench.run("detector")).output).toContain("Using buildpack: test/a 1.0.0");
  });

  it("order.toml: says which field of which file is wrong", async () => {
    await bench.writeFiles({ "order.toml": "[[order]]\n[[order.group]]\nid = 3\n" });
    const { exitCode, output } = await bench.run("detector");
    expect(exitCode).toBe(22);
    expect(output).toContain(`${join(bench.root, "order.toml")}: order[0].group[0].id must be a text`);
  });
});

describe("restorer", () => {
  const store = `printf '[metadata]\\nkey = "kept"\\nlist = [nan, 1]\\n' > "$CNB_LAYERS_DIR/store.toml"`;

  it("Outputs: writes store.toml back even where no layer is restored, here and by the creator", async () => {
    await bench.addBuildpacks({
      id: "test/a",
      build: `cat "$CNB_LAYERS_DIR/store.toml" 2>/dev/null || true; ls "$CNB_LAYERS_DIR"; ${store}; ${layer("c", "cache = true")}`,
    });
    await bench.setOrder(["test/a"]);
    await creates();
    await keepAsPrevious(bench);
    const again = await creates(["-skip-restore"]);
    expect(again).toContain('key = "kept"');
    expect(again).not.toMatch(/^c$/m);
  });

  it("Layer Types: types of a restored layer are unset, and it is ignored unless the buildpack sets one", async () => {
    const once = `[ -f "$CNB_LAYERS_DIR/l.toml" ] && cat "$CNB_LAYERS_DIR/l.toml" || { ${layer("l", "launch = true\\ncache = true")}; }`;
    await bench.addBuildpacks({ id: "test/a", build: once });
    await bench.setOrder(["test/a"]);
    await creates();
    expect((await bench.image()).manifest.layers).toHaveLength(4);
    await keepAsPrevious(bench);
    const again = await creates();
    expect(again).not.toContain("launch = ");
    expect((await bench.image()).manifest.layers).toHaveLength(3);
    expect(await readdir(join(bench.layers, "test_a"))).toContain("l.ignore");
  });
});

describe("builder", () => {
  it("Outputs: gathers processes, slices and labels; later buildpacks win, the last default counts", async () => {
    const first = `${web("one", "default = true")}\n[[labels]]\nkey = "k"\nvalue = "one"\n[[slices]]\npaths = ["a*"]`;
    const second = `${web("two")}\n[[processes]]\ntype = "job"\ncommand = ["j"]\ndefault = true\n[[labels]]\nkey = "k"\nvalue = "two"\n[[slices]]\npaths = ["b*"]`;
    await bench.addBuildpacks(
      { id: "test/a", build: launchFile(first) },
      { id: "test/b", build: launchFile(second) },
    );
    await bench.setOrder(["test/a", "test/b"]);
    await bench.writeFiles({ "app/a1": "", "app/b1": "", "app/c1": "" });
    await creates();
    expect(await readToml(join(bench.layers, "config/metadata.toml"))).toMatchObject({
      "buildpack-default-process-type": "job",
      processes: [
        { type: "web", command: ["two"], buildpackID: "test/b", "exec-env": ["*"] },
        { type: "job", command: ["j"] },
      ],
      slices: [{ paths: ["a*"] }, { paths: ["b*"] }],
    });
    const { config, manifest } = await bench.image();
    expect(config.config).toMatchObject({ Labels: { k: "two" }, Entrypoint: ["/cnb/process/job"] });
    expect(manifest.layers).toHaveLength(5);
    expect(lifecycleMetadata(await bench.image()).app).toHaveLength(3);
  });

  it("Unmet Buildpack Plan Entries: come again to the next that provides them", async () => {
    const detect = (plan: string) => `cat > "$CNB_BUILD_PLAN_PATH" <<'T'\n${plan}\nT`;
    const provides = '[[provides]]\nname = "x"';
    const says = (who: string) => `echo ${who}: $(grep -c 'name = "x"' "$CNB_BP_PLAN_PATH")`;
    await bench.addBuildpacks(
      {
        id: "test/a",
        detect: detect(provides),
        build: `${says("a")}; printf '[[unmet]]\\nname = "x"\\n' > "$CNB_LAYERS_DIR/build.toml"`,
      },
      { id: "test/b", detect: detect(provides), build: says("b") },
      { id: "test/c", detect: detect(`${provides}\n[[requires]]\nname = "x"`), build: says("c") },
    );
    await bench.setOrder(["test/a", "test/b", "test/c"]);
    expect(await creates()).toContain("a: 1\nb: 1\nc: 0\n");
  });

  const wrong: readonly [string, string, string][] = [
    [
      "launch.toml",
      "[[processes]]\ncommand = 3\n",
      "launch.toml: processes[0].command must be a text or a list of texts",
    ],
    ["x.toml", '[types]\nlaunch = "true"\n', "x.toml: types.launch must be true or false"],
    ["build.toml", "unmet = 1\n", "build.toml: unmet must be a list of tables"],
  ];
  it.each(wrong)("Data Format: says which field of a buildpack's %s is wrong", async (file, toml, says) => {
    await bench.addBuildpacks({ id: "test/a", build: `cat > "$CNB_LAYERS_DIR/${file}" <<'T'\n${toml}T` });
    await bench.setOrder(["test/a"]);
    const { exitCode, output } = await bench.create();
    expect({ exitCode, output }).toMatchObject({
      exitCode: 52,
      output: expect.stringContaining(`test_a/${says}`),
    });
  });
});

describe("exporter", () => {
  it("Outputs: writes the same image to every image and tag, and all of them into the report", async () => {
    await bench.addBuildpacks({ id: "test/a" });
    await bench.setOrder(["test/a"]);
    await creates(["-tag", "test.local/app:second", "-tag", "test.local/app:third"]);
    const digests = [IMAGE, "test.local/app:second", "test.local/app:third"].map(async (name) => {
      return (await readLayout(layoutPath(bench.layouts, name)))?.digest;
    });
    expect(new Set(await Promise.all(digests)).size).toBe(1);
    expect(await readToml(join(bench.layers, "report.toml"))).toMatchObject({
      image: {
        tags: [IMAGE, "test.local/app:second", "test.local/app:third"],
        digest: (await bench.image()).digest,
      },
    });
  });

  const starts: readonly [string, string, readonly string[], string][] = [
    ["the type asked for", web("x"), ["-process-type", "web"], "/cnb/process/web"],
    ["the default", web("x", "default = true"), [], "/cnb/process/web"],
    ["the launcher", web("x"), [], "/cnb/lifecycle/launcher"],
    [
      "the launcher, where the default is for another environment",
      web("x", 'default = true\nexec-env = ["test"]'),
      [],
      "/cnb/lifecycle/launcher",
    ],
  ];
  it.each(starts)("Outputs: ENTRYPOINT is %s", async (_, toml, args, expected) => {
    await bench.addBuildpacks({ id: "test/a", build: launchFile(toml) });
    await bench.setOrder(["test/a"]);
    await creates(args);
    expect((await bench.image()).config.config.Entrypoint).toEqual([expected]);
  });

  it("Layer Types: a layer without content is taken over with its new metadata; one without launch is not", async () => {
    const first = `${layer("kept", "launch = true")}; ${layer("gone", "launch = true")}`;
    await bench.addBuildpacks({ id: "test/a", build: first });
    await bench.setOrder(["test/a"]);
    await creates();
    const before = lifecycleMetadata(await bench.image()).buildpacks?.[0]?.layers;
    await keepAsPrevious(bench);
    const then = `printf '[types]\\nlaunch = true\\n[metadata]\\nv = 2\\n' > "$CNB_LAYERS_DIR/kept.toml"`;
    await bench.addBuildpacks({ id: "test/a", build: then });
    await creates();
    const after = lifecycleMetadata(await bench.image()).buildpacks?.[0]?.layers;
    expect(after).toEqual({ kept: { ...before?.kept, data: { v: 2 } } });
  });

  it("leaves nothing in the layout and ends with 62 when it cannot go on writing", async () => {
    const large = `${layer("l", "launch = true")}; head -c 3000000 /dev/zero > "$CNB_LAYERS_DIR/l/large"`;
    await bench.addBuildpacks({ id: "test/a", build: large });
    await bench.setOrder(["test/a"]);
    for (const phase of ["analyzer", "detector", "builder"])
      expect((await bench.run(phase)).exitCode).toBe(0);
    // A limit on the size of files stands for a full disk: writes fail in the middle of a layer.
    const limited = join(bench.root, "limited");
    await writeFile(
      limited,
      `#!/bin/sh\ntrap '' XFSZ\nulimit -f 2000\nexec "${join(programs, "exporter")}" "$@"\n`,
      { mode: 0o755 },
    );
    const { exitCode, output } = await bench.run("exporter", [], {}, limited);
    expect({ exitCode, output }).toMatchObject({
      exitCode: 62,
      output: expect.stringContaining("exporting the image: EFBIG"),
    });
    expect(existsSync(join(layoutPath(bench.layouts, IMAGE), "index.json"))).toBe(false);
    expect(await readdir(join(layoutPath(bench.layouts, IMAGE), "blobs/sha256"))).toEqual([]);
  });

  it("ends with a message when a user or group is not a number", async () => {
    const { exitCode, output } = await bench.create(["-uid", "web"]);
    expect({ exitCode, output }).toMatchObject({ exitCode: 22 });
    await bench.addBuildpacks({ id: "test/a" });
    await bench.setOrder(["test/a"]);
    expect(await bench.create(["-uid", "web"])).toMatchObject({
      exitCode: 1,
      output: expect.stringContaining('-uid is a whole number, not "web".'),
    });
  });
});

describe("experimental features", () => {
  it.each([
    ["warn", 0, "experimental feature of the Platform API"],
    ["error", 1, "Set CNB_EXPERIMENTAL_MODE"],
    ["", 1, "Set CNB_EXPERIMENTAL_MODE"],
  ])("with CNB_EXPERIMENTAL_MODE=%s", async (mode, code, says) => {
    const { exitCode, output } = await bench.run("analyzer", [], { CNB_EXPERIMENTAL_MODE: mode });
    expect({ exitCode, output }).toMatchObject({ exitCode: code, output: expect.stringContaining(says) });
  });
});
