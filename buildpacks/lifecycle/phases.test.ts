import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bench, benchForEach, IMAGE, keepAsPrevious } from "./lifecycle-fixtures.ts";
import { readToml } from "./toml-files.ts";

let bench: Bench;
benchForEach((made) => {
  bench = made;
});

const layer = (name: string, types: string, metadata = "") =>
  `mkdir -p "$CNB_LAYERS_DIR/${name}"; printf '[types]\\n${types}\\n[metadata]\\n${metadata}\\n' > "$CNB_LAYERS_DIR/${name}.toml"`;

async function runAll(phases: readonly string[]): Promise<string> {
  let said = "";
  for (const phase of phases) {
    const { exitCode, output } = await bench.run(phase);
    expect({ phase, exitCode, output }).toMatchObject({ exitCode: 0 });
    said += output;
  }
  return said;
}
const ALL = ["analyzer", "detector", "restorer", "builder", "exporter"];

describe("phases one by one", () => {
  it("make the image the creator makes", async () => {
    const build = `${layer("x", "launch = true", 'v = "1"')}; echo x > "$CNB_LAYERS_DIR/x/file"`;
    await bench.addBuildpacks({ id: "test/a", build });
    await bench.setOrder(["test/a"]);
    await bench.writeFiles({ "app/file": "hello" });
    await runAll(ALL);
    const { digest } = await bench.image();
    await bench.create(["-cache-dir", join(bench.root, "none")]);
    expect((await bench.image()).digest).toBe(digest);
  });

  it("hand on group, plan and metadata in the files of the specification", async () => {
    await bench.addBuildpacks(
      {
        id: "test/a",
        detect: `printf '[[provides]]\\nname = "x"\\n' > "$CNB_BUILD_PLAN_PATH"`,
        build: 'cat "$CNB_BP_PLAN_PATH"',
      },
      {
        id: "test/b",
        detect: `printf '[[requires]]\\nname = "x"\\n[requires.metadata]\\nv = "2"\\n' > "$2"`,
      },
      { id: "test/c", detect: "exit 100" },
    );
    await bench.setOrder(["test/a", "test/b", "test/c?"]);
    const said = await runAll(["analyzer", "detector", "restorer", "builder"]);
    const at = (name: string) => readToml(join(bench.layers, name));
    expect(await at("group.toml")).toEqual({
      group: [
        { id: "test/a", version: "1.0.0", api: "0.12" },
        { id: "test/b", version: "1.0.0", api: "0.12" },
      ],
    });
    expect(await at("plan.toml")).toEqual({
      entries: [
        {
          providers: [{ id: "test/a", version: "1.0.0" }],
          requires: [{ name: "x", metadata: { v: "2" } }],
        },
      ],
    });
    expect(said).toContain('name = "x"');
    expect(await at("config/metadata.toml")).toMatchObject({
      buildpacks: [{ id: "test/a" }, { id: "test/b" }],
    });
    expect(await at("analyzed.toml")).toMatchObject({
      "run-image": {
        image: "test.local/run:base",
        target: { os: "linux", distro: { name: "debian", version: "12" } },
      },
    });
  });

  it("restore by copying, so that the cache outlives a failed build", async () => {
    const build = `[ -e "$CNB_LAYERS_DIR/x/file" ] && echo restored; ${layer("x", "cache = true")}; echo x > "$CNB_LAYERS_DIR/x/file"`;
    await bench.addBuildpacks({ id: "test/a", build });
    await bench.setOrder(["test/a"]);
    await runAll(ALL);
    for (const _ of [1, 2]) {
      await bench.clearLayers();
      expect(await runAll(["analyzer", "detector", "restorer", "builder"])).toContain("restored");
    }
  });
});

describe("detection", () => {
  it("tries groups in order, and skips buildpacks for other machines and environments", async () => {
    await bench.addBuildpacks(
      { id: "test/other", toml: '[[targets]]\nos = "linux"\narch = "s390x"' },
      { id: "test/tests", toml: '[[buildpack.exec-env]]\nname = "test"' },
      {
        id: "test/same",
        toml: '[[targets]]\nos = "linux"\n[[targets.distros]]\nname = "debian"\nversion = "12"',
      },
    );
    await bench.setOrder(["test/other"], ["test/tests"], ["test/same"]);
    await runAll(["analyzer"]);
    expect((await bench.run("detector")).output).toContain("Using buildpack: test/same 1.0.0");
    const inTests = await bench.run("detector", [], { CNB_EXEC_ENV: "test" });
    expect(inTests.output).toContain("Using buildpack: test/tests 1.0.0");
  });

  it("adds the operator's buildpacks", async () => {
    await bench.addBuildpacks({ id: "test/a" }, { id: "test/first" }, { id: "test/last" });
    await bench.setOrder(["test/a"]);
    const system = (when: string, id: string) =>
      `[[system.${when}.buildpacks]]\nid = "${id}"\nversion = "1.0.0"\n`;
    await bench.writeFiles({ "system.toml": system("pre", "test/first") + system("post", "test/last") });
    const { output } = await bench.run("detector", ["-system", join(bench.root, "system.toml")]);
    expect(output).toContain("Using buildpacks: test/first 1.0.0, test/a 1.0.0, test/last 1.0.0");
  });

  it("gives the user's variables, unless the buildpack wants a clear environment", async () => {
    const detect = 'echo "$GREETING $CNB_TARGET_DISTRO_NAME [$SECRET_OF_US]"; exit 100';
    await bench.addBuildpacks({ id: "test/a", detect }, { id: "test/b", detect, toml: "clear-env = true" });
    await bench.setOrder(["test/a"], ["test/b"]);
    await bench.writeFiles({ "platform/env/GREETING": "hi" });
    await runAll(["analyzer"]);
    const { output } = await bench.run("detector", [], { SECRET_OF_US: "x" });
    expect(output).toContain("test/a: hi debian []");
    expect(output).toContain("test/b: debian []");
  });
});

describe("the build environment", () => {
  it("grows with the build layers of earlier buildpacks, under the user's and the operator's variables", async () => {
    const files = (name: string, text: string) => `mkdir -p "$CNB_LAYERS_DIR/${name}/env.build"; ${text}`;
    await bench.addBuildpacks(
      {
        id: "test/a",
        build: [
          layer("one", "build = true"),
          layer("two", "build = true"),
          layer("not", "launch = true"),
          'mkdir "$CNB_LAYERS_DIR/one/bin" "$CNB_LAYERS_DIR/two/bin" "$CNB_LAYERS_DIR/not/bin"',
          files("one", 'printf a > "$CNB_LAYERS_DIR/one/env.build/V.append"'),
          files("two", 'printf b > "$CNB_LAYERS_DIR/two/env.build/V.append"'),
          files("two", 'printf no > "$CNB_LAYERS_DIR/two/env.build/USER_SET"'),
        ].join("\n"),
      },
      { id: "test/b", build: 'echo "PATH=$PATH V=$V USER_SET=$USER_SET OPERATOR=$OPERATOR"' },
    );
    await bench.setOrder(["test/a", "test/b"]);
    await bench.writeFiles({ "platform/env/USER_SET": "mine", "build-config/env/OPERATOR": "set" });
    await runAll(["analyzer", "detector"]);
    const { output } = await bench.run("builder", [], {
      PATH: `${process.execPath.replace(/\/node$/, "")}:/usr/bin:/bin`,
    });
    const own = join(bench.layers, "test_a");
    expect(output).toContain(`PATH=${own}/one/bin:${own}/two/bin:`);
    expect(output).not.toContain(`${own}/not/bin`);
    expect(output).toContain("V=ab USER_SET=mine OPERATOR=set\n");
  });

  it("sets layers without a type aside", async () => {
    await bench.addBuildpacks({ id: "test/a", build: layer("scratch", "launch = false") });
    await bench.setOrder(["test/a"]);
    await runAll(["analyzer", "detector", "builder"]);
    expect(await readdir(join(bench.layers, "test_a"))).toEqual(["scratch.ignore", "scratch.toml"]);
  });
});

describe("what comes back at the next build", () => {
  const flags = ["build", "cache", "launch"] as const;
  const all = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => flags.filter((_, i) => bits & (1 << i)));
  // The table "Layer Types" of Buildpack API 0.12.
  const metadata = (types: readonly string[]) =>
    types.includes("cache") || (types.length === 1 && types[0] === "launch");

  it("is what the table of layer types says", async () => {
    const nameOf = (types: readonly string[]) => ["layer", ...types].join("-");
    const write = all.map((types) =>
      layer(nameOf(types), types.map((t) => `${t} = true`).join("\\n"), 'v = "1"'),
    );
    await bench.addBuildpacks({ id: "test/a", build: write.join("\n") });
    await bench.setOrder(["test/a"]);
    await runAll(ALL);
    await keepAsPrevious(bench);
    await bench.clearLayers();
    await runAll(["analyzer", "detector", "restorer"]);
    for (const types of all) {
      const path = join(bench.layers, "test_a", nameOf(types));
      const toml = await readToml(`${path}.toml`);
      const found = { types, toml, content: existsSync(path) };
      const back = metadata(types) ? { metadata: { v: "1" } } : undefined;
      expect(found).toEqual({ types, toml: back, content: types.includes("cache") });
    }
  });

  it("is persistent metadata and bills of materials too", async () => {
    const build = [
      layer("l", "launch = true"),
      layer("c", "cache = true"),
      `printf '[metadata]\\nkey = "kept"\\n' > "$CNB_LAYERS_DIR/store.toml"`,
      'for n in l c launch build; do echo "{}" > "$CNB_LAYERS_DIR/$n.sbom.cdx.json"; done',
    ].join("\n");
    await bench.addBuildpacks({ id: "test/a", build });
    await bench.setOrder(["test/a"]);
    await runAll(ALL);
    expect(await readdir(join(bench.layers, "sbom/launch/test_a"))).toEqual(["l", "sbom.cdx.json"]);
    expect(await readdir(join(bench.layers, "sbom/build/test_a"))).toEqual(["c", "sbom.cdx.json"]);
    await bench.clearLayers();
    // The previous image keeps its layers this time, so that its bill of materials can be read.
    await runAll(["detector"]);
    expect((await bench.run("analyzer", ["-previous-image", IMAGE])).exitCode).toBe(0);
    await runAll(["restorer"]);
    const own = join(bench.layers, "test_a");
    expect(await readFile(join(own, "store.toml"), "utf8")).toContain('key = "kept"');
    expect(existsSync(join(own, "l.sbom.cdx.json"))).toBe(true);
    expect(existsSync(join(own, "c.sbom.cdx.json"))).toBe(true);
  });

  it("is nothing for another execution environment, and with -skip-layers", async () => {
    await bench.addBuildpacks({ id: "test/a", build: layer("c", "cache = true") });
    await bench.setOrder(["test/a"]);
    await runAll(ALL);
    await keepAsPrevious(bench);
    const content = () => existsSync(join(bench.layers, "test_a/c"));
    await bench.clearLayers();
    await runAll(["analyzer", "detector"]);
    await bench.run("restorer", ["-skip-layers"]);
    expect(content()).toBe(false);
    await bench.run("restorer", [], { CNB_EXEC_ENV: "test" });
    expect(content()).toBe(false);
    await runAll(["restorer"]);
    expect(content()).toBe(true);
  });
});
