import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { layoutPath, readLayout } from "../image-layout.ts";
import { IMAGE } from "../lifecycle-fixtures.ts";
import { LABEL } from "../oci.ts";
import { table, texts } from "../toml-files.ts";
import type { ImageView } from "./image-view-fixtures.ts";
import {
  ALL_PHASES,
  type LifecycleCase,
  launchToml,
  layer,
  put,
  RUN,
  scene,
  type TestedLifecycle,
  type Workbench,
  writeRunImage,
} from "./lifecycle-case-fixtures.ts";

const process1 = (type: string, command: string, more = "") =>
  `[[processes]]\ntype = "${type}"\ncommand = ["${command}"]\n${more}`;
const label = (key: string, value: string) => `[[labels]]\nkey = "${key}"\nvalue = "${value}"`;
const slice = (...paths: readonly string[]) => `[[slices]]\npaths = ${JSON.stringify(paths)}`;
const bill = (name: string) => put(`${name}.sbom.cdx.json`, `{"is":"${name}"}`);

const MIRROR = "mirror.local/run:base";

/** Everything that an image may be made of. */
const exported = scene(async (lifecycle) => {
  const bench = await lifecycle.bench();
  const base = await writeRunImage(bench.layouts, RUN, {
    labels: {
      kept: "yes",
      "io.buildpacks.base.distro.name": "debian",
      "io.buildpacks.base.distro.version": "12",
    },
    config: {
      ...{ User: "1000:1000", Env: ["PATH=/base/bin:/bin", "BASE=kept"] },
      ...{ StopSignal: "SIGINT", ExposedPorts: { "80/tcp": {} } },
    },
  });
  await bench.addBuildpacks(
    {
      ...{ id: "t/a", toml: 'homepage = "https://example.com/a"' },
      build: [
        layer("l", "launch", 'v = "1"'),
        put("l/file", "content of l"),
        layer("b", "build"),
        ...["l", "b", "launch", "build"].map(bill),
        launchToml(`${process1("web", "from-a", "default = true")}\n${process1("worker", "x")}`),
        launchToml(`${label("one", "a")}\n${label("two", "a")}\n${slice("a/*")}\n${slice("none/*")}`),
      ].join("\n"),
    },
    {
      id: "t/b",
      build: launchToml(
        `${process1("web", "from-b", "default = true")}\n${label("two", "b")}\n${slice("a/*", "b")}`,
      ),
    },
  );
  await bench.setOrder(["t/a", "t/b"]);
  await bench.writeFiles({
    ...{ "app/a/one": "1", "app/a/two": "2", "app/b/deep/three": "3", "app/rest": "4" },
    "layers/project-metadata.toml": '[source]\ntype = "git"\n[source.version]\ncommit = "c1"\n',
    "run.toml": `[[images]]\nimage = "${MIRROR}"\nmirrors = ["${RUN}", "third.local/run"]\n`,
    "bills/launcher.sbom.cdx.json": "launcher",
    "bills/lifecycle.sbom.cdx.json": "lifecycle",
  });
  const more = ["-launcher-sbom", join(bench.root, "bills"), "-run", join(bench.root, "run.toml")];
  await bench.phases(ALL_PHASES, {
    args: { exporter: [...more, "--", "test.local/app:second", "test.local/other/app:x"] },
  });
  return { bench, base, view: await bench.view() };
});

/** The paths of files in a layer of the image, below the application's folder. */
function appFiles(view: ImageView, bench: Workbench, i: number): string[] {
  const layer1 = view.layer(view.metadata.app?.[i]?.sha);
  return (layer1?.files ?? [])
    .filter(({ type }) => type === "file")
    .map(({ path }) => path.slice(bench.app.length + 1));
}

const base: readonly LifecycleCase[] = [
  {
    meets: ["exporter/base", "exporter/base-layers", "export/composed"],
    run: async (lifecycle) => {
      const { view, base: run } = await exported(lifecycle);
      const { app, sbom, config, launcher, buildpacks } = view.metadata;
      expect(view.config.rootfs.diff_ids[0]).toBe(run.topLayer);
      const parts = [...(app ?? []), sbom, config, launcher, buildpacks?.[0]?.layers?.l].map(
        (part) => part?.sha,
      );
      expect(view.config.rootfs.diff_ids).toEqual(expect.arrayContaining(parts));
    },
  },
  {
    meets: ["exporter/base-config"],
    run: async (lifecycle) => {
      const { view } = await exported(lifecycle);
      expect(view.config.config).toMatchObject({
        ...{ User: "1000:1000", StopSignal: "SIGINT", ExposedPorts: { "80/tcp": {} } },
        Labels: { kept: "yes" },
      });
      expect(view.env.BASE).toBe("kept");
    },
  },
  {
    meets: ["exporter/env", "exporter/directory"],
    run: async (lifecycle) => {
      const { view, bench } = await exported(lifecycle);
      expect(view.env).toMatchObject({
        ...{ CNB_LAYERS_DIR: bench.layers, CNB_APP_DIR: bench.app, PATH: "/cnb/process:/base/bin:/bin" },
      });
      expect(view.config.config.WorkingDir).toBe(bench.app);
    },
  },
];

const content: readonly LifecycleCase[] = [
  {
    meets: ["exporter/launch-layers", "export/layer"],
    run: async (lifecycle) => {
      const { view, bench } = await exported(lifecycle);
      const sha = view.metadata.buildpacks?.[0]?.layers?.l?.sha;
      const file = view.layer(sha)?.files.find(({ path }) => path === join(bench.layers, "t_a/l/file"));
      expect(file?.content).toBe("content of l");
    },
  },
  {
    meets: ["exporter/sbom-buildpack", "exporter/sbom-layer", "exporter/sbom-launcher"],
    run: async (lifecycle) => {
      const { view, bench } = await exported(lifecycle);
      const at = (path: string) =>
        view.file(join(bench.layers, "sbom/launch", path, "sbom.cdx.json"))?.content;
      expect(at("t_a")).toBe('{"is":"launch"}');
      expect(at("t_a/l")).toBe('{"is":"l"}');
      expect(at("t_a/b")).toBeUndefined();
      expect(at("buildpacksio_lifecycle/launcher")).toBe("launcher");
    },
  },
  {
    meets: ["exporter/sbom-build", "exporter/sbom-build-layer", "exporter/sbom-lifecycle"],
    run: async (lifecycle) => {
      const { bench } = await exported(lifecycle);
      const at = (path: string) => readFile(join(bench.layers, "sbom/build", path, "sbom.cdx.json"), "utf8");
      expect(await at("t_a")).toBe('{"is":"build"}');
      expect(await at("t_a/b")).toBe('{"is":"b"}');
      expect(await at("buildpacksio_lifecycle")).toBe("lifecycle");
    },
  },
  {
    meets: [
      "exporter/app",
      "export/app",
      "build/slices",
      "launch-toml/slices-once",
      "launch-toml/slices-empty",
      "launch-toml/rest",
    ],
    run: async (lifecycle) => {
      const { view, bench } = await exported(lifecycle);
      const all = (view.metadata.app ?? []).map((_, i) => appFiles(view, bench, i).sort());
      expect(all.filter((files) => files.length > 0)).toEqual([
        ["a/one", "a/two"],
        ["b/deep/three"],
        ["rest"],
      ]);
    },
  },
  {
    meets: ["exporter/launcher", "exporter/links"],
    run: async (lifecycle) => {
      const { view } = await exported(lifecycle);
      const launcher = view.file("/cnb/lifecycle/launcher");
      expect(launcher?.content).toBe(await readFile(join(lifecycle.programs, "launcher"), "latin1"));
      expect((launcher?.mode ?? 0) & 0o111).toBe(0o111);
      const links = ["web", "worker"].map((type) => view.file(`/cnb/process/${type}`));
      for (const link of links)
        expect(link).toMatchObject({ type: "symlink", target: "/cnb/lifecycle/launcher" });
      expect([...view.processTypes].sort()).toEqual(["web", "worker"]);
    },
  },
  {
    meets: ["exporter/metadata"],
    run: async (lifecycle) => {
      const { view, bench } = await exported(lifecycle);
      const written = await readFile(join(bench.layers, "config/metadata.toml"), "latin1");
      const path = join(bench.layers, "config/metadata.toml");
      expect(view.layer(view.metadata.config?.sha)?.files.find((file) => file.path === path)?.content).toBe(
        written,
      );
    },
  },
  {
    meets: ["exporter/times"],
    run: async (lifecycle) => {
      const { view } = await exported(lifecycle);
      const times = view.layers.slice(1).flatMap(({ files }) => files.map(({ time }) => time.getTime()));
      expect(new Set(times).size).toBe(1);
    },
  },
];

const labels: readonly LifecycleCase[] = [
  {
    meets: ["exporter/labels", "labels/project"],
    run: async (lifecycle) => {
      const { view } = await exported(lifecycle);
      expect(Object.keys(view.labels)).toEqual(
        expect.arrayContaining([LABEL.lifecycle, LABEL.build, LABEL.project]),
      );
      expect(JSON.parse(view.labels[LABEL.project] ?? "")).toEqual({
        source: { type: "git", version: { commit: "c1" } },
      });
    },
  },
  {
    meets: ["labels/build", "export/processes", "labels/launcher"],
    run: async (lifecycle) => {
      const { view } = await exported(lifecycle);
      const { processes, buildpacks, launcher } = view.build;
      expect(processes.find(({ type }) => type === "web")).toMatchObject({
        command: ["from-b"],
        buildpackID: "t/b",
      });
      expect(processes.map(({ type }) => type).sort()).toEqual(["web", "worker"]);
      expect(buildpacks).toEqual([
        { id: "t/a", version: "1.0.0", homepage: "https://example.com/a", api: "0.12" },
        { id: "t/b", version: "1.0.0", api: "0.12" },
      ]);
      expect(launcher.version).not.toBe("");
    },
  },
  {
    meets: ["labels/lifecycle-layers"],
    run: async (lifecycle) => {
      const { view, bench } = await exported(lifecycle);
      const { app, sbom, config, launcher } = view.metadata;
      for (const part of [...(app ?? []), sbom, config, launcher])
        expect(view.layer(part?.sha)).toBeDefined();
      const has = (sha: string | undefined, path: string) =>
        view.layer(sha)?.files.some((file) => file.path === path);
      expect(has(sbom?.sha, join(bench.layers, "sbom/launch/t_a/sbom.cdx.json"))).toBe(true);
      expect(has(launcher?.sha, "/cnb/lifecycle/launcher")).toBe(true);
    },
  },
  {
    meets: ["labels/lifecycle-run-image", "resolution/mirrors"],
    run: async (lifecycle) => {
      const { view, base: run } = await exported(lifecycle);
      expect(view.metadata.runImage).toMatchObject({
        ...{ image: MIRROR, mirrors: [RUN, "third.local/run"], topLayer: run.topLayer },
      });
      expect(view.metadata.runImage?.reference).toBeTruthy();
      const bench = await lifecycle.bench();
      await bench.writeFiles({
        "run.toml": '[[images]]\nimage = "first.local/run"\nmirrors = ["second.local/run"]\n',
      });
      await bench.addBuildpacks({ id: "t/a" });
      await bench.setOrder(["t/a"]);
      await bench.phases(ALL_PHASES, { args: { exporter: ["-run", join(bench.root, "run.toml")] } });
      expect((await bench.view()).metadata.runImage).toMatchObject({
        ...{ image: "first.local/run", mirrors: ["second.local/run"] },
      });
    },
  },
  {
    meets: ["launch-toml/labels"],
    run: async (lifecycle) => {
      expect((await exported(lifecycle)).view.labels).toMatchObject({ one: "a", two: "b" });
    },
  },
];

/** The entrypoint of an image whose buildpacks say these launch.toml. */
async function entrypoint(
  lifecycle: TestedLifecycle,
  files: readonly string[],
  args: readonly string[] = [],
) {
  const bench = await lifecycle.bench();
  const ids = files.map((_, i) => `t/${i}`);
  await bench.addBuildpacks(...files.map((text, i) => ({ id: ids[i] as string, build: launchToml(text) })));
  await bench.setOrder(ids);
  const { exitCode } = await bench.create(args);
  return { exitCode, entrypoint: exitCode === 0 ? (await bench.view()).config.config.Entrypoint : undefined };
}

const entrypoints: readonly LifecycleCase[] = [
  {
    meets: ["exporter/type-asked", "operations/entrypoint"],
    run: async (lifecycle) => {
      const file = `${process1("web", "x", "default = true")}\n${process1("worker", "x")}`;
      const found = await entrypoint(lifecycle, [file], ["-process-type", "worker"]);
      expect(found.entrypoint).toEqual(["/cnb/process/worker"]);
    },
  },
  {
    meets: ["exporter/type-unknown", "exporter/codes", "creator/codes"],
    run: async (lifecycle) => {
      const { exitCode } = await entrypoint(lifecycle, [process1("web", "x")], ["-process-type", "worker"]);
      expect(Math.floor(exitCode / 10)).toBe(6);
    },
  },
  {
    meets: ["exporter/type-default", "launch-toml/default"],
    run: async (lifecycle) => {
      const files = [
        process1("web", "x", "default = true"),
        process1("worker", "x", "default = true"),
        process1("z", "x"),
      ];
      expect((await entrypoint(lifecycle, files)).entrypoint).toEqual(["/cnb/process/worker"]);
    },
  },
  {
    meets: ["exporter/type-none", "launch-toml/lost-default"],
    run: async (lifecycle) => {
      const files = [process1("web", "x", "default = true"), process1("web", "y")];
      expect((await entrypoint(lifecycle, files)).entrypoint).toEqual(["/cnb/lifecycle/launcher"]);
    },
  },
];

const written: readonly LifecycleCase[] = [
  {
    meets: ["exporter/same-image", "exporter/layout"],
    run: async (lifecycle) => {
      const { bench, view } = await exported(lifecycle);
      for (const name of ["test.local/app:second", "test.local/other/app:x"])
        expect((await readLayout(layoutPath(bench.layouts, name)))?.digest).toBe(view.digest);
      expect(existsSync(join(bench.layouts, "test.local/app/new/index.json"))).toBe(true);
    },
  },
  {
    meets: ["exporter/report", "files/report"],
    run: async (lifecycle) => {
      const { bench, view } = await exported(lifecycle);
      const report = table((await bench.toml("layers/report.toml"))?.image);
      expect(texts(report.tags)).toEqual([IMAGE, "test.local/app:second", "test.local/other/app:x"]);
      expect(report).toMatchObject({ digest: view.digest, "manifest-size": view.size });
    },
  },
  {
    meets: ["exporter/images", "exporter/same-registry"],
    run: async (lifecycle) => {
      const { bench } = await exported(lifecycle);
      const code = async (name: string) => (await bench.run("exporter", ["--", name])).exitCode;
      expect(await code("test.local/app:second:third")).not.toBe(0);
      expect(await code(`test.local/app@sha256:${"0".repeat(64)}`)).not.toBe(0);
      expect(await code("elsewhere.local/app:second")).not.toBe(0);
    },
  },
  {
    meets: ["export/missing"],
    run: async (lifecycle) => {
      const bench = await lifecycle.bench();
      await bench.addBuildpacks({ id: "t/a", build: put("gone.toml", "[types]\nlaunch = true\n") });
      await bench.setOrder(["t/a"]);
      expect(Math.floor((await bench.create()).exitCode / 10)).toBe(6);
    },
  },
  {
    meets: ["creator/equivalent", "creator/tags", "reproducible/image", "exporter/created"],
    run: async (lifecycle) => {
      const build = [layer("l", "launch"), put("l/file", "x"), launchToml(process1("web", "x"))].join("\n");
      const bench = await lifecycle.bench();
      await bench.addBuildpacks({ id: "t/a", build });
      await bench.setOrder(["t/a"]);
      await bench.writeFiles({ "app/file": "x" });
      await bench.phases(ALL_PHASES);
      const { digest, config } = await bench.view();
      expect(Date.parse(config.created ?? "")).toBeLessThan(Date.parse("2002-01-01"));
      await bench.writeFiles({ "none/": "" });
      const none = ["-cache-dir", join(bench.root, "none"), "-tag", "test.local/app:tagged"];
      expect((await bench.create(none)).exitCode).toBe(0);
      expect((await bench.view()).digest).toBe(digest);
      expect((await bench.view("test.local/app:tagged")).digest).toBe(digest);
      expect((await bench.create(none, { SOURCE_DATE_EPOCH: "1600000000" })).exitCode).toBe(0);
      expect((await bench.view()).config.created).toBe("2020-09-13T12:26:40Z");
      expect(await readdir(join(bench.layouts, "test.local/app"))).toEqual(["new", "tagged"]);
    },
  },
];

export const exportCases: readonly LifecycleCase[] = [
  ...base,
  ...content,
  ...labels,
  ...entrypoints,
  ...written,
];
