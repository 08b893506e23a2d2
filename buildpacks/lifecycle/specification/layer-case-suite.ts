import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { layoutPath } from "../image-layout.ts";
import { IMAGE, PREVIOUS } from "../lifecycle-fixtures.ts";
import { readToml, table } from "../toml-files.ts";
import {
  ALL_PHASES,
  type LifecycleCase,
  layer,
  note,
  put,
  RUN,
  scene,
  type TestedLifecycle,
  type Workbench,
} from "./lifecycle-case-fixtures.ts";

const FLAGS = ["build", "cache", "launch"] as const;
/** All combinations of the types of a layer. */
const COMBINATIONS = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => FLAGS.filter((_, i) => bits & (1 << i)));
const nameOf = (types: readonly string[]) => ["of", ...types].join("-");

const sbom = (name: string, text: string) => put(`${name}.sbom.cdx.json`, `{"is":"${text}"}`);
const made = (name: string, types: string, version: string) =>
  [
    layer(name, types, `v = "${version}"`),
    put(`${name}/file`, `${name} ${version}`),
    sbom(name, `${name} ${version}`),
  ].join("\n");

const FIRST_BUILD = [
  ...COMBINATIONS.map((types) => made(nameOf(types), types.join(" "), "1")),
  ...["kept", "replaced", "dropped", "forgotten"].map((name) => made(name, "launch", "1")),
  made("unused", "cache", "1"),
  put("store.toml", '[metadata]\nkey = "stored"\n'),
];
const types = (name: string, version: string) =>
  put(`${name}.toml`, `[types]\nlaunch = true\n[metadata]\nv = "${version}"\n`);
const SECOND_BUILD = [
  `${types("kept", "2")}\n${sbom("kept", "kept 2")}`,
  made("replaced", "launch", "2"),
  'rm "$CNB_LAYERS_DIR/dropped.toml"',
];

/** The image that was made is the previous one from now on. */
async function makePrevious(bench: Workbench): Promise<void> {
  const to = layoutPath(bench.layouts, PREVIOUS);
  await mkdir(dirname(to), { recursive: true });
  await rename(layoutPath(bench.layouts, IMAGE), to);
}

async function contentOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

/** What lies there of a buildpack's layer. */
async function stateOf(bench: Workbench, name: string) {
  const path = join(bench.layers, "t_a", name);
  const [toml, bill] = [await readToml(`${path}.toml`), await contentOf(`${path}.sbom.cdx.json`)];
  return { toml, bill, content: await contentOf(join(path, "file")) };
}

/** Two builds, and what lay there before the second one. */
const rebuilt = scene(async (lifecycle) => {
  const bench = await lifecycle.bench();
  const build = [
    'if [ -e "$CNB_PLATFORM_DIR/second" ]; then',
    ...SECOND_BUILD,
    "else",
    ...FIRST_BUILD,
    "fi",
  ].join("\n");
  await bench.addBuildpacks({ id: "t/a", build });
  await bench.setOrder(["t/a"]);
  await bench.phases(ALL_PHASES);
  const first = await bench.view();
  await makePrevious(bench);
  await bench.clearLayers();
  await bench.writeFiles({ "platform/second": "" });
  await bench.phases(["analyzer", "detector", "restorer"]);
  const names = [...COMBINATIONS.map(nameOf), "kept", "replaced"];
  const before = new Map<string, Awaited<ReturnType<typeof stateOf>>>();
  for (const name of names) before.set(name, await stateOf(bench, name));
  const store = await bench.toml("layers/t_a/store.toml");
  const analyzed = await bench.toml("layers/analyzed.toml");
  await bench.phases(["builder", "exporter"]);
  return { bench, first, before, store, analyzed, second: await bench.view() };
});

const recordsOf = (view: Awaited<ReturnType<Workbench["view"]>>) =>
  view.metadata.buildpacks?.find(({ key }) => key === "t/a")?.layers ?? {};

const back: readonly LifecycleCase[] = [
  {
    meets: [
      "layers/table",
      "launch-layers/content-stays",
      "build-layers/gone",
      "cached-layers/both",
      "restorer/cache",
    ],
    run: async (lifecycle) => {
      const { before } = await rebuilt(lifecycle);
      for (const combination of COMBINATIONS) {
        const name = nameOf(combination);
        const cached = combination.includes("cache");
        const known = cached || combination.join() === "launch";
        expect({ name, ...before.get(name) }).toEqual({
          name,
          toml: known ? { metadata: { v: "1" } } : undefined,
          bill: known ? `{"is":"${name} 1"}` : "",
          content: cached ? `${name} 1` : "",
        });
      }
    },
  },
  {
    meets: [
      "launch-layers/metadata-back",
      "launch-layers/sbom-back",
      "analysis/metadata",
      "build/no-types-back",
    ],
    run: async (lifecycle) => {
      const { before } = await rebuilt(lifecycle);
      expect(before.get("kept")).toEqual({
        toml: { metadata: { v: "1" } },
        bill: '{"is":"kept 1"}',
        content: "",
      });
    },
  },
  {
    meets: ["restorer/store", "analysis/store"],
    run: async (lifecycle) => {
      expect((await rebuilt(lifecycle)).store).toEqual({ metadata: { key: "stored" } });
    },
  },
  {
    meets: ["analyzer/previous-known"],
    run: async (lifecycle) => {
      const { bench, analyzed, first } = await rebuilt(lifecycle);
      expect(table(analyzed?.image).reference).toBe(layoutPath(bench.layouts, PREVIOUS));
      const known = table(analyzed?.metadata);
      expect(known.buildpacks).toMatchObject([{ key: "t/a", version: "1.0.0" }]);
      expect(known.config).toEqual(first.metadata.config);
    },
  },
  {
    meets: ["build/ignored"],
    run: async (lifecycle) => {
      const { bench } = await rebuilt(lifecycle);
      const at = (name: string) => existsSync(join(bench.layers, "t_a", name));
      expect([at("unused"), at("unused.ignore")]).toEqual([false, true]);
    },
  },
];

const after: readonly LifecycleCase[] = [
  {
    meets: ["launch-layers/reuse", "launch-layers/reuse-sbom"],
    run: async (lifecycle) => {
      const { first, second, bench } = await rebuilt(lifecycle);
      expect(recordsOf(second).kept).toMatchObject({ sha: recordsOf(first).kept?.sha, data: { v: "2" } });
      expect(second.config.rootfs.diff_ids).toContain(recordsOf(first).kept?.sha);
      const bill = second.file(join(bench.layers, "sbom/launch/t_a/kept/sbom.cdx.json"));
      expect(bill?.content).toBe('{"is":"kept 2"}');
    },
  },
  {
    meets: ["launch-layers/replace", "build/sbom"],
    run: async (lifecycle) => {
      const { first, second, bench } = await rebuilt(lifecycle);
      const record = recordsOf(second).replaced;
      expect(record).toMatchObject({ data: { v: "2" }, launch: true });
      expect(record?.sha).not.toBe(recordsOf(first).replaced?.sha);
      expect(second.file(join(bench.layers, "t_a/replaced/file"))?.content).toBe("replaced 2");
      expect(second.file(join(bench.layers, "sbom/launch/t_a/replaced/sbom.cdx.json"))?.content).toContain(
        "replaced 2",
      );
    },
  },
  {
    meets: ["launch-layers/drop"],
    run: async (lifecycle) => {
      const { first, second } = await rebuilt(lifecycle);
      // Its metadata came back, and nobody gave it types again.
      for (const name of ["dropped", "forgotten"]) {
        expect(recordsOf(second)).not.toHaveProperty(name);
        expect(second.config.rootfs.diff_ids).not.toContain(recordsOf(first)[name]?.sha);
      }
    },
  },
  {
    meets: ["launch-layers/included", "layers/types", "export/metadata", "labels/lifecycle-buildpacks"],
    run: async (lifecycle) => {
      const { first, bench } = await rebuilt(lifecycle);
      const launched = COMBINATIONS.filter((combination) => combination.includes("launch"));
      const names = [...launched.map(nameOf), "kept", "replaced", "dropped", "forgotten"];
      expect(Object.keys(recordsOf(first)).sort()).toEqual(names.sort());
      for (const combination of launched) {
        const name = nameOf(combination);
        const { sha, ...record } = recordsOf(first)[name] ?? { sha: "" };
        const flags = Object.fromEntries(FLAGS.map((flag) => [flag, combination.includes(flag)]));
        expect(record).toMatchObject({ data: { v: "1" }, ...flags });
        const content = first
          .layer(sha)
          ?.files.find(({ path }) => path === join(bench.layers, "t_a", name, "file"));
        expect(content?.content).toBe(`${name} 1`);
      }
      expect(first.metadata.buildpacks).toMatchObject([{ key: "t/a", version: "1.0.0" }]);
    },
  },
  {
    meets: ["export/store"],
    run: async (lifecycle) => {
      const { first } = await rebuilt(lifecycle);
      expect(first.metadata.buildpacks?.[0]?.store?.metadata).toEqual({ key: "stored" });
    },
  },
];

/** One build with a layer of each use, ready to be restored. */
const cached = scene(async (lifecycle) => {
  const bench = await lifecycle.bench();
  await bench.addBuildpacks({ id: "t/a", build: CACHED_BUILD });
  await bench.setOrder(["t/a"]);
  await bench.phases(ALL_PHASES);
  await makePrevious(bench);
  return bench;
});
const CACHED_BUILD = [
  made("c", "cache", "1"),
  made("l", "launch", "1"),
  made("both", "cache launch", "1"),
  put("store.toml", '[metadata]\nkey = "stored"\n'),
].join("\n");

/** A bench of its own with what that build has left, before the next one. */
async function nextBuild(lifecycle: TestedLifecycle): Promise<Workbench> {
  const from = await cached(lifecycle);
  const bench = await lifecycle.bench();
  for (const name of ["cache", "layouts"])
    await cp(join(from.root, name), join(bench.root, name), { recursive: true, preserveTimestamps: true });
  await bench.addBuildpacks({ id: "t/a", build: CACHED_BUILD }, { id: "t/other" });
  await bench.setOrder(["t/a"]);
  return bench;
}

const NOTHING = { toml: undefined, bill: "", content: "" };

const asked: readonly LifecycleCase[] = [
  {
    meets: ["restorer/skip-layers", "analyzer/skip-layers"],
    run: async (lifecycle) => {
      const bench = await nextBuild(lifecycle);
      const skip = { analyzer: ["-skip-layers"], restorer: ["-skip-layers"] };
      await bench.phases(["analyzer", "detector", "restorer"], { args: skip });
      for (const name of ["c", "l", "both"]) expect(await stateOf(bench, name)).toEqual(NOTHING);
      expect(await bench.toml("layers/t_a/store.toml")).toEqual({ metadata: { key: "stored" } });
    },
  },
  {
    meets: ["creator/skip-restore"],
    run: async (lifecycle) => {
      const bench = await nextBuild(lifecycle);
      const build = note("found", 'ls "$CNB_LAYERS_DIR"');
      await bench.addBuildpacks({ id: "t/a", build });
      await bench.phases(["creator"], { args: { creator: ["-skip-restore"] } });
      expect(await bench.note("found")).toBe("store.toml\n");
    },
  },
  {
    meets: ["restorer/layers"],
    run: async (lifecycle) => {
      const bench = await nextBuild(lifecycle);
      await bench.setOrder(["t/other"]);
      await bench.phases(["analyzer", "detector", "restorer"]);
      for (const name of ["c", "l", "both"]) expect(await stateOf(bench, name)).toEqual(NOTHING);
    },
  },
  {
    meets: ["cached-layers/stored", "exporter/cache", "exporter/cache-metadata"],
    run: async (lifecycle) => {
      const bench = await nextBuild(lifecycle);
      // Of the previous image nothing is known this time: what comes back was in the cache.
      const none = { analyzer: ["-previous-image", "test.local/none"] };
      await bench.phases(["analyzer", "detector", "restorer"], { args: none });
      for (const name of ["c", "both"])
        expect(await stateOf(bench, name)).toEqual({
          ...{ toml: { metadata: { v: "1" } }, bill: `{"is":"${name} 1"}`, content: `${name} 1` },
        });
      expect(await stateOf(bench, "l")).toEqual(NOTHING);
    },
  },
  {
    meets: ["restorer/target"],
    run: async (lifecycle) => {
      const bench = await nextBuild(lifecycle);
      await bench.phases(["detector"]);
      const reference = layoutPath(bench.layouts, RUN);
      await bench.analyzed({ "run-image": { image: RUN, reference } });
      await bench.phases(["restorer"]);
      expect(await bench.toml("layers/analyzed.toml")).toMatchObject({
        "run-image": { reference, target: { os: "linux", distro: { name: "debian", version: "12" } } },
      });
    },
  },
  {
    meets: ["restorer/codes"],
    run: async (lifecycle) => {
      const bench = await nextBuild(lifecycle);
      await bench.phases(["analyzer", "detector"]);
      await bench.writeFiles({ "layers/t_a": "a file where a folder should be" });
      expect(Math.floor((await bench.run("restorer")).exitCode / 10)).toBe(4);
    },
  },
];

export const layerCases: readonly LifecycleCase[] = [...back, ...after, ...asked];
