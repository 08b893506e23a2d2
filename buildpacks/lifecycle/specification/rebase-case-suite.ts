import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { layoutPath, writeImage } from "../image-layout.ts";
import { IMAGE } from "../lifecycle-fixtures.ts";
import { LABEL, makeManifest } from "../oci.ts";
import { table, texts } from "../toml-files.ts";
import {
  type LifecycleCase,
  launchToml,
  layer,
  put,
  RUN,
  type RunImageOptions,
  scene,
  type TestedLifecycle,
  type Workbench,
  writeRunImage,
} from "./lifecycle-case-fixtures.ts";

const DEBIAN = { "io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12" };
const NEWER: RunImageOptions = {
  file: "newer",
  labels: { ...DEBIAN, "io.buildpacks.base.released": "today", of: "base" },
};
const OTHER = "test.local/run:other";
const REBASED = "test.local/app:rebased";

/** An image that was built once. */
const built = scene(async (lifecycle) => {
  const bench = await lifecycle.bench();
  const old = {
    ...DEBIAN,
    "io.buildpacks.base.released": "yesterday",
    "io.buildpacks.base.homepage": "gone",
  };
  const base = await writeRunImage(bench.layouts, RUN, { labels: old });
  const launch = launchToml('[[processes]]\ntype = "web"\ncommand = ["x"]\ndefault = true');
  await bench.addBuildpacks({
    id: "t/a",
    build: [layer("l", "launch"), put("l/file", "x"), launch].join("\n"),
  });
  await bench.setOrder(["t/a"]);
  await bench.phases(["creator"]);
  return { bench, base };
});

/** A bench of its own with that image, and a newer run image under the name of the old one. */
async function ready(lifecycle: TestedLifecycle, run: RunImageOptions = NEWER) {
  const from = await built(lifecycle);
  const bench = await lifecycle.bench();
  await cp(from.bench.layouts, bench.layouts, { recursive: true });
  const before = await bench.view();
  return { bench, before, old: from.base, run: await writeRunImage(bench.layouts, RUN, run) };
}

const rebase = (bench: Workbench, ...args: readonly string[]) => bench.run("rebaser", args);

async function rebased(bench: Workbench, ...args: readonly string[]) {
  await bench.phases(["rebaser"], { args: { rebaser: args } });
  return bench.view(args.at(-1));
}

/** Writes an image anew with other labels. */
async function relabel(bench: Workbench, change: (labels: Record<string, string>) => void): Promise<void> {
  const image = await bench.image();
  const labels = { ...image.config.config.Labels };
  change(labels);
  const config = { ...image.config, config: { ...image.config.config, Labels: labels } };
  await writeImage(layoutPath(bench.layouts, IMAGE), config, (of) => makeManifest(of, image.manifest.layers));
}

const named: readonly LifecycleCase[] = [
  {
    meets: ["rebaser/not-rebasable"],
    run: async (lifecycle) => {
      const { bench } = await ready(lifecycle);
      await relabel(bench, (labels) => {
        labels[LABEL.rebasable] = "false";
      });
      expect((await rebase(bench, IMAGE)).exitCode).not.toBe(0);
      expect((await rebase(bench, "-force", IMAGE)).exitCode).toBe(0);
    },
  },
  {
    meets: ["rebaser/images", "rebaser/same-registry", "rebaser/codes"],
    run: async (lifecycle) => {
      const { bench } = await ready(lifecycle);
      const code = async (...names: readonly string[]) => (await rebase(bench, IMAGE, ...names)).exitCode;
      expect(await code("not:a:reference")).not.toBe(0);
      expect(await code(`test.local/app@sha256:${"0".repeat(64)}`)).not.toBe(0);
      expect(await code("elsewhere.local/app:rebased")).not.toBe(0);
      const gone = await rebase(bench, "test.local/nothing:here");
      expect(Math.floor(gone.exitCode / 10)).toBe(7);
    },
  },
  {
    meets: ["rebaser/previous", "rebaser/same-image", "rebaser/report"],
    run: async (lifecycle) => {
      const { bench, before } = await ready(lifecycle);
      const second = "test.local/app:second";
      const after = await rebased(bench, "-previous-image", IMAGE, second, REBASED);
      expect((await bench.view()).digest).toBe(before.digest);
      expect((await bench.view(second)).digest).toBe(after.digest);
      const report = table((await bench.toml("layers/report.toml"))?.image);
      expect(texts(report.tags)).toEqual([second, REBASED]);
      expect(report).toMatchObject({ digest: after.digest, "manifest-size": after.size });
    },
  },
  {
    meets: ["rebaser/derived", "rebaser/reference", "rebaser/layers"],
    run: async (lifecycle) => {
      const { bench, before, run, old } = await ready(lifecycle);
      const after = await rebased(bench, IMAGE);
      const own = before.config.rootfs.diff_ids.slice(1);
      expect(before.config.rootfs.diff_ids[0]).toBe(old.topLayer);
      expect(after.config.rootfs.diff_ids).toEqual([run.topLayer, ...own]);
      expect(after.metadata.runImage).toMatchObject({ image: RUN, topLayer: run.topLayer });
      expect(after.metadata.runImage?.reference).not.toBe(before.metadata.runImage?.reference);
    },
  },
  {
    meets: ["rebaser/stack-key"],
    run: async (lifecycle) => {
      const { bench, run } = await ready(lifecycle);
      await relabel(bench, (labels) => {
        const { runImage, ...rest } = JSON.parse(labels[LABEL.lifecycle] ?? "{}");
        const { topLayer, reference, ...names } = runImage;
        labels[LABEL.lifecycle] = JSON.stringify({
          ...rest,
          runImage: { topLayer, reference },
          stack: { runImage: names },
        });
      });
      expect((await rebased(bench, IMAGE)).config.rootfs.diff_ids[0]).toBe(run.topLayer);
    },
  },
];

const changed: readonly LifecycleCase[] = [
  {
    meets: ["rebaser/identical", "rebaser/base-labels", "rebaser/created"],
    run: async (lifecycle) => {
      const { bench, before } = await ready(lifecycle);
      const after = await rebased(bench, IMAGE);
      const { Labels: _, ...config } = before.config.config;
      expect(after.config.config).toMatchObject(config);
      expect(after.labels).toMatchObject({ ...DEBIAN, "io.buildpacks.base.released": "today" });
      expect(after.labels).not.toHaveProperty("io.buildpacks.base.homepage");
      expect(after.labels).not.toHaveProperty("of");
      for (const name of [LABEL.build, LABEL.project]) expect(after.labels[name]).toBe(before.labels[name]);
      const { runImage: __, ...own } = before.metadata;
      expect(after.metadata).toMatchObject(own);
      expect(after.config.history?.map(({ created_by }) => created_by)).toEqual(
        before.config.history?.map(({ created_by }) => created_by),
      );
      expect(Date.parse(after.config.created ?? "")).toBeLessThan(Date.parse("2002-01-01"));
    },
  },
  {
    meets: ["rebaser/target", "rebaser/force-target"],
    run: async (lifecycle) => {
      const labels = { ...DEBIAN, "io.buildpacks.base.distro.version": "13" };
      const release = await ready(lifecycle, { labels });
      expect((await rebase(release.bench, IMAGE)).exitCode).not.toBe(0);
      const { bench } = await ready(lifecycle, { labels, architecture: "s390x", variant: "z" });
      expect((await rebase(bench, IMAGE)).exitCode).not.toBe(0);
      const after = await rebased(bench, "-force", IMAGE);
      expect(after.config).toMatchObject({ os: "linux", architecture: "s390x", variant: "z" });
      expect(after.labels).toMatchObject(labels);
    },
  },
  {
    meets: ["rebaser/name", "rebaser/force-name"],
    run: async (lifecycle) => {
      const { bench } = await ready(lifecycle);
      await writeRunImage(bench.layouts, OTHER, NEWER);
      expect((await rebase(bench, "-run-image", OTHER, IMAGE)).exitCode).not.toBe(0);
      const after = await rebased(bench, "-force", "-run-image", OTHER, IMAGE);
      expect(after.metadata.runImage).toMatchObject({ image: OTHER });
      expect(after.metadata.runImage).not.toHaveProperty("mirrors");
      expect(await bench.toml(join("layers", "report.toml"))).toBeDefined();
    },
  },
];

export const rebaseCases: readonly LifecycleCase[] = [...named, ...changed];
